// Runs before the page is drawn: tells the style sheets that scripts run.
document.body.classList.add('js-enabled', 'govuk-frontend-supported')
