package web

import (
	"fmt"
	"html/template"
)

// meter draws how much of a whole is done, with its figures in words beside it.
func meter(part, whole any) (template.HTML, error) {
	p, err := count(part)
	if err != nil {
		return "", err
	}
	w, err := count(whole)
	if err != nil {
		return "", err
	}
	const width = 160
	filled := int64(0)
	if w > 0 {
		filled = min(p, w) * width / w
		if p > 0 {
			filled = max(filled, 2)
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="lb-meter" width="%d" height="14" viewBox="0 0 %[1]d 14" aria-hidden="true" focusable="false">`+
		`<rect x=".5" y=".5" width="%d" height="13" fill="#fff" stroke="#484f55"/><rect y="0" width="%d" height="14" fill="#2f6a91"/></svg>%s of %s`,
		width, width-1, filled, thousands(p), thousands(w))), nil
}
