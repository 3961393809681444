package web

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"

	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/review"
	"lookback/internal/store"
)

var skillRoutes = []route{
	{"GET /skills", desk.ReadWorkload, (*Site).showSkills},
	{"GET /skills/import", desk.ImportSkills, (*Site).askSkills},
	{"POST /skills/import", desk.ImportSkills, (*Site).previewSkills},
	{"POST /skills/import/confirm", desk.ImportSkills, (*Site).importSkills},
}

// A skillsPage is who is trained for what.
type skillsPage struct{ *allocation.SkillsPage }

func (skillsPage) Wide() bool { return true }

// Ends says when a period ends.
func (skillsPage) Ends(d casefile.Day) string { return endOf(d) }

// Never is the end of what has none.
func (skillsPage) Never() casefile.Day { return store.NoEnd }

func endOf(d casefile.Day) string {
	if d == store.NoEnd {
		return "no end"
	}
	y, m, n := d.Civil()
	return strconv.Itoa(n) + " " + m.String() + " " + strconv.Itoa(y)
}

func (s *Site) showSkills(w http.ResponseWriter, r *request) error {
	p, err := allocation.Skills(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	return s.render(w, r, "skills", "Skills and training", skillsPage{p})
}

// A skillsImportPage asks for a file, says what is wrong with it, and shows what it
// would change.
type skillsImportPage struct {
	*allocation.SkillsPreview // nil: no file yet
	Faults
	Mode     string
	Data     string // of the file, in base64, for the second step
	Training *review.Training
	Limit    string
}

// Wrong is what is wrong with the file, if anything.
func (p skillsImportPage) Wrong() []allocation.SkillFault {
	if p.SkillsPreview == nil {
		return nil
	}
	return p.SkillsPreview.Faults
}

// Same is how many skills stay as they are.
func (p skillsImportPage) Same() int { return p.Counts[allocation.SameAsBefore] }

// Periods says periods in words.
func (p skillsImportPage) Periods(list []allocation.Period) []string {
	var out []string
	for _, x := range list {
		out = append(out, endOf(x.From)+" to "+endOf(x.To))
	}
	return out
}

func (s *Site) askSkills(w http.ResponseWriter, r *request) error {
	return s.renderSkillsImport(w, r, http.StatusOK, skillsImportPage{Mode: string(allocation.AddAndRenew)})
}

func (s *Site) renderSkillsImport(w http.ResponseWriter, r *request, status int, p skillsImportPage) error {
	p.Training, p.Limit = review.TrainingInForce(), sizeOf(allocation.MaxSkillsFile)
	return s.renderStatus(w, r, status, "skills-import", "Import skills and training", p)
}

// previewSkills reads an uploaded file and shows what it would change.
func (s *Site) previewSkills(w http.ResponseWriter, r *request) error {
	p := skillsImportPage{}
	file, head, err := r.FormFile("file")
	p.Mode = r.PostFormValue("mode")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		p.Add("file", "Choose the file.")
		return s.renderSkillsImport(w, r, http.StatusUnprocessableEntity, p)
	case err != nil:
		return uploadFault(err)
	}
	defer file.Close()
	if head.Size > allocation.MaxSkillsFile {
		p.Add("file", "%s is larger than %s. Split it by unit.", head.Filename, sizeOf(allocation.MaxSkillsFile))
		return s.renderSkillsImport(w, r, http.StatusRequestEntityTooLarge, p)
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	f := allocation.SkillsFile{Name: head.Filename, Data: data, Mode: allocation.Mode(p.Mode)}
	if p.SkillsPreview, err = allocation.PreviewSkills(r.Context(), s.Desk, r.By, f); err != nil {
		return err
	}
	if len(p.Wrong()) > 0 {
		p.Add("file", "%s was not imported: %s. Nothing was changed.", p.File, countOf(len(p.Wrong())+p.More, "thing is wrong", "things are wrong"))
		return s.renderSkillsImport(w, r, http.StatusUnprocessableEntity, p)
	}
	p.Data = base64.StdEncoding.EncodeToString(data)
	return s.renderSkillsImport(w, r, http.StatusOK, p)
}

func (s *Site) importSkills(w http.ResponseWriter, r *request) error {
	data, err := base64.StdEncoding.DecodeString(r.PostFormValue("data"))
	seen, badVersion := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil || badVersion != nil || seen < 0 {
		return casefile.Errorf(casefile.Invalid, "This page does not hold a whole file any more. Choose the file again.")
	}
	f := allocation.SkillsFile{Name: r.PostFormValue("name"), Data: data, Mode: allocation.Mode(r.PostFormValue("mode"))}
	p, err := allocation.ImportSkills(r.Context(), s.Desk, r.By, f, seen)
	if err != nil {
		return err
	}
	changed := len(p.Changes) - p.Counts[allocation.SameAsBefore]
	return redirect(w, r, "/skills", p.File+" was imported: "+countOf(changed, "change")+".")
}
