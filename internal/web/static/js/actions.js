// The list of actions: one tick for all that the page shows.

const place = document.querySelector('[data-tick-all]')
const boxes = [...document.querySelectorAll('input[type=checkbox][name=action]')]

if (place && boxes.length > 1) {
	const all = document.createElement('input')
	all.type = 'checkbox'
	all.setAttribute('aria-label', 'Tick all on this page')
	all.addEventListener('change', () => boxes.forEach((b) => { b.checked = all.checked }))
	boxes.forEach((b) => b.addEventListener('change', () => {
		all.checked = boxes.every((x) => x.checked)
		all.indeterminate = !all.checked && boxes.some((x) => x.checked)
	}))
	place.append(all)
}
