// Package webtest uses a served register as a browser without scripts does: it
// opens pages, follows links, and sends the forms that it finds on them. Tests of
// faults and the load test are made of it.
package webtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// A Client is somebody's browser. Its token is that of a session.
type Client struct {
	Base  string // address of the site, without a final slash
	Token string
	HTTP  *http.Client
}

// cookie is the name under which the site keeps a session.
const cookie = "lookback"

// A Page is what came back. Redirects have been followed.
type Page struct {
	Status int
	Path   string // of the page that was shown in the end, with its query
	To     string // where a redirect that was not followed leads
	Body   []byte
	doc    *html.Node
}

// Get opens a page.
func (c *Client) Get(ctx context.Context, path string) (*Page, error) {
	return c.Do(ctx, http.MethodGet, path, nil, "", "")
}

// Post sends a form.
func (c *Client) Post(ctx context.Context, path string, form url.Values) (*Page, error) {
	return c.Do(ctx, http.MethodPost, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded", "")
}

// PostJSON sends what a script would.
func (c *Client) PostJSON(ctx context.Context, path string, body []byte) (*Page, error) {
	return c.Do(ctx, http.MethodPost, path, bytes.NewReader(body), "application/json", "application/json")
}

// Do sends any request. An error means that no whole answer came.
func (c *Client) Do(ctx context.Context, method, path string, body io.Reader, contentType, accept string) (*Page, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return nil, err
	}
	r.AddCookie(&http.Cookie{Name: cookie, Value: c.Token})
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &Page{Status: resp.StatusCode, Path: resp.Request.URL.RequestURI(), To: resp.Header.Get("Location"), Body: text}, nil
}

// Says reports whether the page's text holds the words.
func (p *Page) Says(words string) bool { return strings.Contains(p.Text(), words) }

// Text is what the page's main part says.
func (p *Page) Text() string {
	root := p.find(func(n *html.Node) bool { return n.Data == "main" })
	if root == nil {
		root = p.tree()
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return strings.Join(strings.Fields(b.String()), " ")
}

func (p *Page) tree() *html.Node {
	if p.doc == nil {
		p.doc, _ = html.Parse(bytes.NewReader(p.Body)) // a parser of HTML takes anything
	}
	return p.doc
}

// find returns the first element that fits, in the order of the page.
func (p *Page) find(fits func(*html.Node) bool) (found *html.Node) {
	p.each(func(n *html.Node) bool {
		if fits(n) {
			found = n
		}
		return found == nil
	})
	return found
}

// each walks the elements of the page until f returns false.
func (p *Page) each(f func(*html.Node) bool) {
	var walk func(*html.Node) bool
	walk = func(n *html.Node) bool {
		if n.Type == html.ElementNode && !f(n) {
			return false
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if !walk(c) {
				return false
			}
		}
		return true
	}
	walk(p.tree())
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// Links returns where the page's links lead that begin with a prefix, each once.
func (p *Page) Links(prefix string) (to []string) {
	seen := map[string]bool{}
	p.each(func(n *html.Node) bool {
		if href := attr(n, "href"); n.Data == "a" && strings.HasPrefix(href, prefix) && !seen[href] {
			seen[href] = true
			to = append(to, href)
		}
		return true
	})
	return to
}

// A Form is a form as the page shows it: where it goes, and what it would send if
// nobody changed anything.
type Form struct {
	Action string
	Method string
	Values url.Values
	// Choices are the values that each group of radio buttons, boxes or options
	// offers, and those of its named buttons.
	Choices map[string][]string
}

// Forms returns the forms whose action ends in a suffix.
func (p *Page) Forms(suffix string) (forms []*Form) {
	p.each(func(n *html.Node) bool {
		if n.Data == "form" {
			if f := p.form(n); strings.HasSuffix(strings.SplitN(f.Action, "?", 2)[0], suffix) {
				forms = append(forms, f)
			}
		}
		return true
	})
	return forms
}

// Form returns the first of them, or an error that says what the page says.
func (p *Page) Form(suffix string) (*Form, error) {
	if forms := p.Forms(suffix); len(forms) > 0 {
		return forms[0], nil
	}
	text := p.Text()
	return nil, fmt.Errorf("%s (status %d) has no form that goes to …%s; it says: %.300s", p.Path, p.Status, suffix, text)
}

func (p *Page) form(root *html.Node) *Form {
	f := &Form{Action: attr(root, "action"), Method: strings.ToUpper(attr(root, "method")), Values: url.Values{}, Choices: map[string][]string{}}
	if f.Action == "" {
		f.Action = p.Path
	}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			f.take(n)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return f
}

// take adds what one control would send.
func (f *Form) take(n *html.Node) {
	name, value := attr(n, "name"), attr(n, "value")
	if name == "" || has(n, "disabled") {
		return
	}
	switch n.Data {
	case "button":
		f.Choices[name] = append(f.Choices[name], value)
	case "textarea":
		if n.FirstChild != nil {
			value = n.FirstChild.Data
		}
		f.Values.Add(name, value)
	case "select":
		f.options(n, name)
	case "input":
		switch attr(n, "type") {
		case "radio", "checkbox":
			if !has(n, "value") {
				value = "on"
			}
			f.Choices[name] = append(f.Choices[name], value)
			if has(n, "checked") {
				f.Values.Add(name, value)
			}
		case "submit", "button", "file", "image", "reset":
		default:
			f.Values.Add(name, value)
		}
	}
}

// options takes the chosen option of a list, the first if none is.
func (f *Form) options(list *html.Node, name string) {
	first, chosen, any := "", "", false
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "option" {
			v := attr(n, "value")
			if !has(n, "value") && n.FirstChild != nil {
				v = strings.TrimSpace(n.FirstChild.Data)
			}
			if len(f.Choices[name]) == 0 {
				first = v
			}
			f.Choices[name] = append(f.Choices[name], v)
			if has(n, "selected") {
				chosen, any = v, true
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(list)
	if !any {
		chosen = first
	}
	f.Values.Add(name, chosen)
}

// Send sends a form of a page, with the values as they are now.
func (c *Client) Send(ctx context.Context, f *Form) (*Page, error) {
	if f.Method == http.MethodPost {
		return c.Post(ctx, f.Action, f.Values)
	}
	path, _, _ := strings.Cut(f.Action, "?")
	return c.Get(ctx, path+"?"+f.Values.Encode())
}
