package web

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"lookback/internal/custody"
	"lookback/internal/desk"
)

var backupRoutes = []route{
	{"GET /backup", desk.TakeBackup, (*Site).showBackup},
	{"POST /backup", desk.TakeBackup, (*Site).takeBackup},
}

type backupPage struct {
	State   *custody.LedgerState
	Running []jobView
	Done    []jobView // that still have their file
}

// backupTurn: one backup at a time; it copies the whole register.
const backupTurn = "backup"

func (s *Site) showBackup(w http.ResponseWriter, r *request) error {
	state, err := custody.ReadLedgerState(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p := backupPage{State: state}
	for _, v := range s.jobsOf(r, backupTurn) {
		switch {
		case v.State == "running":
			p.Running = append(p.Running, v)
		case v.File != "" && !v.FileGone:
			p.Done = append(p.Done, v)
		}
	}
	return s.render(w, r, "backup", "Backup", p)
}

func (s *Site) takeBackup(w http.ResponseWriter, r *request) error {
	by, name := r.By, fmt.Sprintf("lookback-%s.age", s.now().Format("2006-01-02-150405"))
	return s.show(w, r, task{What: "Backup", Act: desk.TakeBackup, Turn: backupTurn, Do: func(ctx context.Context, j *job) (outcome, error) {
		dir, err := j.folder()
		if err != nil {
			return outcome{}, err
		}
		j.progress("copying and encrypting the register", 0, 0)
		file := filepath.Join(dir, name)
		if err := custody.Backup(ctx, s.Desk, by, file); err != nil {
			return outcome{To: "/backup", Label: "Backup"}, err
		}
		return outcome{File: file, To: "/backup", Label: "Backup", Says: []string{
			"The backup is whole. It is encrypted with the register's own key: keep that key apart from it.",
		}}, nil
	}})
}
