// The page of a case: what somebody selects in a text becomes a place in it.

// place says where a selection lies: {row, part, page, start, end, text}, counted
// in characters (code points) of the text as the register shows it. It is null
// unless the selection begins in a text; one that leaves the text ends with it.
export function place(selection) {
	if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return null
	const range = selection.getRangeAt(0)
	const from = range.startContainer
	const text = (from.nodeType === Node.ELEMENT_NODE ? from : from.parentElement)?.closest('.case-text')
	if (!text) return null
	const chosen = range.cloneRange()
	if (!text.contains(range.endContainer)) chosen.setEndAfter(text.lastChild)
	const before = document.createRange()
	before.setStart(text, 0)
	before.setEnd(chosen.startContainer, chosen.startOffset)
	const words = chosen.toString()
	const start = [...before.toString()].length
	if (words.trim() === '') return null
	return {
		row: Number(text.dataset.row), part: text.dataset.part, page: Number(text.dataset.page),
		start, end: start + [...words].length, text: words,
	}
}

// Whoever selects a passage is offered a line of enquiry from it, at the foot of
// the reader.
const bar = document.querySelector('[data-case-selection]')
if (bar) {
	const link = bar.querySelector('a')
	const base = link.href
	document.addEventListener('selectionchange', () => {
		const at = place(document.getSelection())
		bar.hidden = !at || at.text.length > 4000
		if (at && !bar.hidden) {
			const to = new URL(base)
			to.searchParams.set('cite', JSON.stringify(at))
			to.hash = 'add'
			link.href = to
			bar.querySelector('q').textContent = at.text.length > 80 ? at.text.slice(0, 80) + '…' : at.text
		}
	})
}
