// Keys. What they do stands in the page: data-key="n" on a link, button or field,
// data-go="c" on a link of the menu (g, then c). The list that ? shows is made
// from the same attributes, so that it cannot be wrong.

const store = 'lookback-keys'

// on reports whether keys act; somebody who dictates or whose hand shakes can
// switch them off, in this browser.
export function on() {
	try { return localStorage.getItem(store) !== 'off' } catch { return true }
}

function set(value) {
	try { localStorage.setItem(store, value ? 'on' : 'off') } catch { /* private window: on until the page is left */ }
	document.querySelectorAll('[data-keys-switch]').forEach(draw)
}

function draw(place) {
	place.hidden = false
	place.querySelector('[data-keys-state]')?.remove()
	let button = place.querySelector('button')
	if (!button) {
		button = document.createElement('button')
		button.type = 'button'
		button.className = 'govuk-button govuk-button--secondary'
		button.addEventListener('click', () => set(!on()))
		place.append(button)
	}
	button.textContent = on() ? 'Switch single keys off' : 'Switch single keys on'
	const state = document.createElement('p')
	state.dataset.keysState = ''
	state.setAttribute('role', 'status')
	state.textContent = on() ? 'Single keys are on in this browser.' : 'Single keys are off in this browser.'
	place.prepend(state)
}

// typing reports whether a letter belongs to what has the focus.
function typing(e) {
	const at = e.target
	if (!(at instanceof HTMLElement)) return false
	if (at.isContentEditable || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement) return true
	return at instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'reset', 'file'].includes(at.type)
}

const seen = (el) => el.getClientRects().length > 0 && !el.disabled

function find(attribute, key) {
	for (const el of document.querySelectorAll(`[${attribute}]`)) {
		if (el.getAttribute(attribute) === key && (attribute === 'data-go' || seen(el))) return el
	}
	return null
}

function press(el) {
	if (el.matches('input:not([type=submit]):not([type=button]):not([type=radio]):not([type=checkbox]), textarea, select')) {
		el.focus()
		el.select?.()
		return
	}
	el.click()
}

function says(el) {
	if (el.dataset.says) return el.dataset.says
	const words = el.labels?.[0] ?? el
	const copy = words.cloneNode(true)
	copy.querySelectorAll('kbd, [aria-hidden=true]').forEach((x) => x.remove())
	return copy.textContent.trim().replace(/\s+/g, ' ')
}

function rows() {
	const here = [...document.querySelectorAll('[data-key]')].filter(seen).map((el) => [[el.dataset.key.toUpperCase()], says(el)])
	const unique = here.filter(([[key]], i) => here.findIndex(([[k]]) => k === key) === i)
	const menu = [...document.querySelectorAll('[data-go]')].filter((el) => el.dataset.go !== '?').map((el) => [['G', el.dataset.go.toUpperCase()], says(el)])
	return [['On this page', [...unique, [['?'], 'This list']]], ['Go to', menu]]
}

let list

function show() {
	if (list?.open) return
	list?.remove()
	list = document.createElement('dialog')
	list.className = 'lb-keys'
	list.setAttribute('aria-labelledby', 'keys-title')
	const title = document.createElement('h2')
	title.id = 'keys-title'
	title.textContent = 'Keys'
	list.append(title)
	for (const [name, entries] of rows()) {
		if (entries.length === 0) continue
		const heading = document.createElement('h3')
		heading.textContent = name
		const dl = document.createElement('dl')
		for (const [keys, what] of entries) {
			const dt = document.createElement('dt')
			keys.forEach((k, i) => {
				if (i > 0) dt.append(' then ')
				const kbd = document.createElement('kbd')
				kbd.textContent = k
				dt.append(kbd)
			})
			const dd = document.createElement('dd')
			dd.textContent = what
			dl.append(dt, dd)
		}
		list.append(heading, dl)
	}
	const place = document.createElement('div')
	place.dataset.keysSwitch = ''
	const close = document.createElement('button')
	close.type = 'button'
	close.className = 'govuk-button'
	close.textContent = 'Close'
	close.addEventListener('click', () => list.close())
	list.append(place, close)
	draw(place)
	document.body.append(list)
	list.showModal()
	close.focus()
}

let going = 0 // until when a letter after g counts

document.addEventListener('keydown', (e) => {
	if (e.defaultPrevented || e.isComposing || e.ctrlKey || e.altKey || e.metaKey || e.repeat || e.key.length !== 1) return
	if (!on() || typing(e) || document.querySelector('dialog[open]')) return
	const key = e.key.toLowerCase()
	const follows = Date.now() < going
	going = 0
	if (follows) {
		const to = find('data-go', key)
		if (to) {
			e.preventDefault()
			to.click()
		}
		return
	}
	const el = find('data-key', key)
	if (el) {
		e.preventDefault()
		press(el)
		return
	}
	if (key === 'g') going = Date.now() + 2000
	if (key === '?') {
		e.preventDefault()
		show()
	}
})

document.querySelectorAll('[data-help-keys]').forEach((a) => a.addEventListener('click', (e) => {
	e.preventDefault()
	show()
}))
document.querySelectorAll('[data-keys-switch]').forEach(draw)
