package web

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// lookAt lists pages to take pictures of, for whoever works on them:
// go test ./internal/web -run TestLook -look /tmp/pictures -pages "reviewer.one /queue, supervisor.one /risks"
var (
	lookTo = flag.String("look", "", "write pictures of -pages to this folder")
	pages_ = flag.String("pages", "", "pages to look at: WHO PATH, WHO PATH; {case} is a case")
)

func TestLook(t *testing.T) {
	if *lookTo == "" {
		t.SkipNow()
	}
	s := newSite(t)
	c := caseAddress(s.cases(t)[3])
	for i, page := range strings.Split(*pages_, ",") {
		who, path, _ := strings.Cut(strings.TrimSpace(page), " ")
		b := s.browse(t, who)
		b.open(strings.ReplaceAll(path, "{case}", c))
		name := filepath.Join(*lookTo, fmt.Sprintf("%02d-%s", i, strings.NewReplacer("/", "_", "?", "_", "%", "").Replace(path)))
		b.save(name+"-1280.png", 1280, 1400)
		b.save(name+"-400.png", 400, 1400)
	}
}
