package web

import (
	"maps"
	"mime"
	"slices"
	"strings"
)

// A resend is a form that arrived after its sender was signed out. It stands on
// the page that says so, to be sent again as it was.
type resend struct {
	To     string // its address
	Fields [][2]string
}

// maxResend bounds what such a page carries, in bytes.
const maxResend = 4 << 20

// typedBefore returns the form that somebody sent who is signed out, nil if it
// cannot be sent again from a page: it has files, or is too long, or holds a
// password or a code.
func typedBefore(r *request) *resend {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil || len(r.PostForm) == 0 {
		return nil
	}
	form := &resend{To: r.URL.RequestURI()}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if strings.Contains(name, "password") || strings.Contains(name, "code") {
			return nil
		}
		for _, v := range r.PostForm[name] {
			size += len(name) + len(v)
			form.Fields = append(form.Fields, [2]string{name, v})
		}
	}
	if size > maxResend {
		return nil
	}
	return form
}
