// The page to raise a risk: keeps what is typed on the server, so that nothing is
// lost when a session ends, and raises it with Ctrl and Enter from any field.

const form = document.querySelector('form[data-keep]')
const said = form?.querySelector('[data-kept]')
let waiting = 0
let sending = null
let again = false

async function keep() {
	if (sending) {
		again = true
		return
	}
	again = false
	sending = fetch(form.dataset.keep, { method: 'POST', body: new URLSearchParams(new FormData(form)), headers: { Accept: 'application/json' }, credentials: 'same-origin' })
	try {
		const answer = await sending
		if (answer.status === 401 || answer.redirected) {
			tell('You are signed out. What you typed is still on this page: send it, and you will be asked to sign in.')
		} else if (!answer.ok) {
			tell((await answer.json()).error)
		} else {
			tell(`Kept at ${(await answer.json()).kept}`)
		}
	} catch {
		tell('No connection. What you typed is still on this page.')
	}
	sending = null
	if (again) keep()
}

function tell(words) {
	if (said.textContent !== words) said.textContent = words
}

if (form) {
	form.querySelector('[data-submit-hint]')?.removeAttribute('hidden')
	form.addEventListener('input', () => {
		clearTimeout(waiting)
		waiting = setTimeout(keep, 700)
	})
	form.addEventListener('change', () => {
		clearTimeout(waiting)
		waiting = setTimeout(keep, 100)
	})
	form.addEventListener('submit', () => clearTimeout(waiting))
	document.addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !e.repeat) {
			e.preventDefault()
			form.requestSubmit()
		}
	})
}
