// On a narrow screen the filters begin folded, so that the results are in reach.
if (matchMedia("(max-width: 48em)").matches) {
	for (const facet of document.querySelectorAll("details[data-fold]")) {
		if (!facet.querySelector("input:checked")) facet.open = false;
	}
}
