// The form of a review or an approval: saved as typed, with passages cited by
// selecting them in the case beside it. Without this file the form's own buttons
// do the same.
//
// What is typed is kept on the server and in this page, and nowhere else: storage
// of the browser would leave personal data on a machine that others use.

import { place } from './case.js'

const form = document.getElementById('review')
if (form && form.dataset.editable === 'true') start()

function start() {
	const value = (name) => form.elements.namedItem(name).value
	const at = (selector) => form.querySelector(selector)
	const savedLine = at('[data-saved]')
	const leaseLine = at('[data-lease]')
	const troubleLine = at('[data-trouble]')
	const answeredLine = at('[data-answered]')
	const questions = [...form.querySelectorAll('[data-question]')]

	let base = Number(value('base'))
	let count = 0
	let stored = JSON.stringify(gather()) // what the server has
	let sending = false
	let waiting = 0
	let wait = 0 // before the next try, in milliseconds
	let leaving = false
	let active = Date.now()

	function gather() {
		const answers = {}
		for (const place of questions) {
			const id = place.dataset.question
			const entry = {}
			const chosen = [...form.querySelectorAll(`[name="a.${id}"]:checked`)].map((e) => e.value)
			if (chosen.length) entry.chosen = chosen
			const text = form.querySelector(`[name="t.${id}"]`)?.value
			if (text) entry.text = text
			const evidence = JSON.parse(form.querySelector(`[name="e.${id}"]`)?.value || '[]')
			if (evidence.length) entry.evidence = evidence
			if (Object.keys(entry).length) answers[id] = entry
		}
		return { answers }
	}

	function post(body) {
		count++
		form.elements.namedItem('n').value = count
		return JSON.stringify({ form: value('form'), base, page: value('token'), n: count, body })
	}

	// trouble says what is wrong, with a way out; nothing is wrong without words.
	function trouble(words, link, label) {
		troubleLine.hidden = !words
		if (troubleLine.dataset.words === (words || '')) return
		troubleLine.dataset.words = words || ''
		troubleLine.replaceChildren(words || '')
		if (link) {
			const a = document.createElement('a')
			a.href = link
			a.textContent = label
			troubleLine.append(' ', a)
		}
	}

	function say(words) {
		if (savedLine.textContent !== words) savedLine.textContent = words
	}

	function soon(ms) {
		clearTimeout(waiting)
		waiting = setTimeout(save, ms)
	}

	async function save() {
		clearTimeout(waiting)
		if (leaving) return
		if (sending) {
			soon(300)
			return
		}
		const body = gather()
		const text = JSON.stringify(body)
		if (text === stored) return
		sending = true
		let again = 0
		try {
			const answer = await fetch(form.dataset.draft, {
				method: 'POST', body: post(body), credentials: 'same-origin',
				headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
			})
			again = await heard(answer, text)
		} catch {
			// No answer came; it may have been saved all the same, which does no harm.
			say('Not saved: retrying')
			trouble('There is no connection. Your text is on this page: leave it open, and it is saved when the connection is back.')
			again = wait = Math.min(Math.max(wait * 2, 2000), 30000)
		}
		sending = false
		if (again) soon(again)
		else if (JSON.stringify(gather()) !== stored) soon(300)
	}

	// heard takes an answer and returns when to try again, 0 for never.
	async function heard(answer, text) {
		if (answer.redirected || answer.status === 401 || answer.url.includes('/sign-in')) {
			say('Not saved: you are signed out')
			trouble('You have been signed out. Your text is on this page. Sign in on another page, and it is saved from here.', '/sign-in', 'Sign in')
			document.querySelector('#review [data-trouble] a')?.setAttribute('target', '_blank')
			return 5000
		}
		let said = {}
		try { said = await answer.json() } catch { /* a page, or nothing */ }
		if (answer.ok) {
			base = said.version
			form.elements.namedItem('base').value = base
			stored = text
			wait = 0
			say('Saved at ' + said.clock)
			trouble('')
			lease(said)
			if (form.elements.namedItem('seen') && said.case > Number(value('seen'))) {
				trouble('Something was decided about this case since you opened this page. Before you send it, reload the page: your text is saved.')
			}
			return 0
		}
		if (answer.status === 409 && said.compare) {
			// What is typed on goes to the text kept beside the one that stands.
			stored = text
			say('Kept as a second text')
			trouble(said.error, said.compare, 'Compare the two texts')
			return 0
		}
		if (answer.status >= 500) {
			say('Not saved: retrying')
			trouble(said.error || 'The register does not answer. Your text is on this page: leave it open.')
			return (wait = Math.min(Math.max(wait * 2, 2000), 30000))
		}
		say('Not saved')
		trouble(said.error || 'This could not be saved. Your text is on this page.')
		return 0 // typing on tries again
	}

	function lease(said) {
		if (!said.lease || form.dataset.ping === undefined) return
		if (leaseLine && said.lease.mine && said.until) leaseLine.textContent = `Yours until ${said.until}, longer while you work`
		if (!said.lease.mine && said.lease.say) {
			if (leaseLine) leaseLine.textContent = 'Not yours now'
			trouble(said.lease.say, location.pathname, said.lease.lapsed ? 'Continue' : 'Reload the page')
		}
	}

	// A ping tells that somebody reads without typing.
	async function ping() {
		if (document.hidden || Date.now() - active > 5 * 60000) return
		try {
			const answer = await fetch(form.dataset.ping, { method: 'POST', credentials: 'same-origin', headers: { Accept: 'application/json' } })
			if (answer.ok && !answer.redirected) lease(await answer.json())
		} catch { /* the next save says what is wrong */ }
	}
	setInterval(ping, 4 * 60000)
	for (const kind of ['keydown', 'pointerdown', 'wheel']) document.addEventListener(kind, () => { active = Date.now() }, { passive: true })

	form.addEventListener('input', () => {
		say('Not saved yet')
		progress()
		soon(800)
	})
	form.addEventListener('focusout', () => soon(50))
	form.addEventListener('submit', () => {
		leaving = true
		clearTimeout(waiting)
		form.elements.namedItem('n').value = ++count
	})
	window.addEventListener('pageshow', (e) => {
		// Back from the page that a button led to: what this one has is old.
		if (e.persisted) location.reload()
	})
	// Enter on a choice would press the first button of the form.
	form.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && e.target.matches('input[type=radio], input[type=checkbox]')) e.preventDefault()
	})

	function last() {
		if (leaving) return
		const body = gather()
		if (JSON.stringify(body) === stored) return
		// A beacon is sent although the page goes; longer texts than it takes are
		// asked about by the browser below.
		navigator.sendBeacon(form.dataset.draft, new Blob([post(body)], { type: 'application/json' }))
	}
	document.addEventListener('visibilitychange', () => { if (document.hidden) last() })
	window.addEventListener('pagehide', last)
	window.addEventListener('beforeunload', (e) => {
		if (leaving || JSON.stringify(gather()) === stored) return
		if (troubleLine.hidden && JSON.stringify(gather()).length < 60000) return // the beacon takes it
		e.preventDefault()
	})

	function letters(text) {
		return (text.match(/[\p{L}\p{N}]/gu) || []).length
	}

	function progress() {
		let answered = 0
		for (const place of questions) {
			const chosen = [...place.querySelectorAll('input:checked')]
			if (chosen.length) answered++
			place.classList.toggle('rv-q--answered', chosen.length > 0)
			const hint = place.querySelector('[data-count]')
			if (!hint) continue
			hint.dataset.said ??= hint.textContent
			const least = Math.max(0, ...chosen.map((c) => Number(c.dataset.least || 0)))
			const has = letters(place.querySelector('textarea').value)
			hint.textContent = !least ? hint.dataset.said : has >= least ? 'Enough letters; enough for somebody else to follow?' : `${least - has} more letters for this answer`
		}
		if (answeredLine) answeredLine.textContent = `${answered} of ${questions.length} answered`
	}
	progress()

	cite({ form, at, changed: () => { progress(); save() } })
	window.addEventListener('online', () => soon(100))
}

// cite makes a selection in a text of the case a passage under a question.
function cite({ form, changed }) {
	const bar = document.getElementById('cite-bar')
	if (!bar) return
	const words = bar.querySelector('[data-selected]')
	const which = document.getElementById('cite-for')
	const button = document.getElementById('cite-do')
	let chosen = null

	// The question in which somebody typed last is the one that a passage is for.
	form.addEventListener('focusin', (e) => {
		const q = e.target.closest('[data-question]')
		if (q) which.value = q.dataset.question
	})

	// selected is the passage selected in the case beside the form, without the white
	// space around it.
	function selected() {
		const at = place(document.getSelection())
		const text = at && document.querySelector(`.rv__case .case-text[data-row="${at.row}"][data-part="${at.part}"][data-page="${at.page}"]`)
		if (!text) return null
		const from = at.text.length - at.text.trimStart().length
		const words = at.text.trim()
		const start = at.start + [...at.text.slice(0, from)].length
		return { ...at, start, end: start + [...words].length, text: words }
	}

	document.addEventListener('selectionchange', () => {
		if (bar.contains(document.activeElement)) return
		chosen = selected()
		bar.hidden = !chosen
		if (!chosen) return
		const n = chosen.end - chosen.start
		const shown = [...chosen.text]
		words.textContent = `“${shown.length > 90 ? shown.slice(0, 60).join('') + ' … ' + shown.slice(-24).join('') : chosen.text}” (${n} characters)`
	})

	async function take(passage) {
		button.disabled = true
		let refused = ''
		try {
			const answer = await fetch(form.dataset.cite, {
				method: 'POST', body: JSON.stringify(passage), credentials: 'same-origin',
				headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
			})
			const said = await answer.json()
			if (answer.ok && !answer.redirected) add(which.value, said)
			else refused = said.error || 'The passage was not taken. Select it again.'
		} catch {
			refused = 'There is no connection, so the passage was not taken. Select it again when it is back.'
		}
		button.disabled = false
		if (refused) {
			words.textContent = refused
			return
		}
		document.getSelection().removeAllRanges()
		chosen = null
		bar.hidden = true
	}

	button.addEventListener('click', () => { if (chosen) take(chosen) })
	// The button beside a text takes what is selected in it, and otherwise leads to
	// the page on which words can be pasted.
	document.querySelector('.rv__case').addEventListener('click', (e) => {
		const beside = e.target.closest('button[value^="cite:"]')
		if (!beside || !chosen) return
		if (beside.value !== `cite:${chosen.row}:${chosen.part}:${chosen.page}`) return
		e.preventDefault()
		take(chosen)
	})

	function label(passage) {
		const text = document.querySelector(`.case-text[data-row="${passage.row}"][data-part="${passage.part}"]`)
		const entry = text?.closest('.case-entry')
		const head = entry?.querySelector('.case-entry__head')
		return { words: head?.textContent.trim() || 'Passage', at: entry ? '#' + entry.id : '#log' }
	}

	function add(question, passage) {
		const place = form.querySelector(`[data-question="${question}"]`)
		const field = place.querySelector(`[name="e.${question}"]`)
		const list = JSON.parse(field.value || '[]')
		list.push(passage)
		field.value = JSON.stringify(list)
		draw(place, question, passage, list.length - 1)
		changed()
		bar.hidden = true
	}

	function draw(place, question, passage, i) {
		const where = label(passage)
		const li = document.createElement('li')
		const quote = document.createElement('blockquote')
		quote.className = 'rv-passage lb-text'
		quote.dir = 'auto'
		quote.textContent = `“${passage.text}”`
		const a = document.createElement('a')
		a.href = where.at
		a.textContent = where.words
		const remove = document.createElement('button')
		remove.className = 'lb-link-button'
		remove.name = 'do'
		remove.value = `uncite:${question}:${i}`
		remove.dataset.uncite = ''
		remove.textContent = 'Remove'
		const more = document.createElement('span')
		more.className = 'govuk-visually-hidden'
		more.textContent = ` the passage from ${where.words} under ${place.dataset.short}`
		remove.append(more)
		li.append(quote, ' ', a, ' ', remove)
		place.querySelector('[data-cited]').append(li)
		place.querySelector('.rv-evidence__none').hidden = true
		const status = form.querySelector('[data-saved]')
		status.textContent = `Cited under ${place.dataset.short}`
	}

	form.addEventListener('click', (e) => {
		const button = e.target.closest('[data-uncite]')
		if (!button) return
		e.preventDefault()
		const place = button.closest('[data-question]')
		const item = button.closest('li')
		const items = [...place.querySelectorAll('[data-cited] > li')]
		const field = place.querySelector(`[name="e.${place.dataset.question}"]`)
		const list = JSON.parse(field.value || '[]')
		list.splice(items.indexOf(item), 1)
		field.value = JSON.stringify(list)
		item.remove()
		;[...place.querySelectorAll('[data-uncite]')].forEach((b, i) => { b.value = `uncite:${place.dataset.question}:${i}` })
		place.querySelector('.rv-evidence__none').hidden = list.length > 0
		place.querySelector('textarea').focus()
		changed()
	})
}
