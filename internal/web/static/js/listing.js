// On a narrow screen the filters begin folded, so that the results are in reach.
// What is chosen stands above the results.
if (matchMedia("(max-width: 1100px)").matches) {
	for (const fold of document.querySelectorAll("details[data-fold]")) {
		if (!fold.querySelector(".govuk-error-message")) fold.open = false;
	}
}
