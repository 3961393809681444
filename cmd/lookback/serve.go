package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/web"
)

// Limits of a connection. Pages that take longer by design, uploads and progress,
// move their own deadlines.
const (
	headerTimeout = 10 * time.Second
	pageTimeout   = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	shutdownGrace = 20 * time.Second
)

func runServe(a *app, ctx context.Context, f *flags, d *desk.Desk) error {
	if (f.cert == "") != (f.certKey == "") {
		return casefile.Errorf(casefile.Invalid, "-cert and -cert-key belong together: give the certificate and its private key.")
	}
	if err := safeToServe(f.addr, f.cert != "" || f.behindProxy); err != nil {
		return err
	}
	site, err := a.site(ctx, d, f)
	if err != nil {
		return err
	}
	return a.serve(ctx, site, f, func(url string) {
		fmt.Fprintf(a.err, "Lookback is at %s . Stop it with Ctrl-C.\n", url)
	})
}

// safeToServe refuses to send passwords and case files over a network in clear.
func safeToServe(addr string, secure bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "-addr %s is not an address: expected HOST:PORT, as in 127.0.0.1:8080.", addr)
	}
	ip := net.ParseIP(host)
	if secure || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return casefile.Errorf(casefile.Invalid, "%s can be reached from other machines, and without TLS passwords and case files would cross the network in clear. "+
		"Give -cert and -cert-key, or -behind-proxy if a proxy on the way does TLS.", addr)
}

// site makes the pages of a register.
func (a *app) site(ctx context.Context, d *desk.Desk, f *flags) (*web.Site, error) {
	s := &web.Site{
		Desk:     d,
		Accounts: &account.Book{Desk: d, Clock: a.clock},
		Log:      newLog(a.err),
		Clock:    a.clock,
		Secure:   f.cert != "" || f.behindProxy,

		ImportFrom: f.importFrom,
		MaxUpload:  f.maxUpload << 20,
	}
	if info, err := os.Stat(f.importFrom); f.importFrom != "" && (err != nil || !info.IsDir()) {
		return nil, casefile.Errorf(casefile.NotFound, "-import-from: there is no folder %s.", f.importFrom)
	}
	if f.oidc != "" {
		directory, err := account.ReadDirectory(f.oidc, a.clock)
		if err != nil {
			return nil, err
		}
		s.Accounts.Directory = directory
	}
	return s, s.Accounts.LoadRoles(ctx)
}

// serve answers until ctx ends, and then lets running requests finish. Ready is
// told the address once it accepts connections.
func (a *app) serve(ctx context.Context, s *web.Site, f *flags, ready func(url string)) error {
	handler, err := s.Handler()
	if err != nil {
		return err
	}
	if err := s.Warm(ctx); err != nil {
		s.Log.Error("the first pages will be slow", "err", err)
	}
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "%s cannot be listened on: %w. Choose another address with -addr, for example 127.0.0.1:8081.", f.addr, err)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       pageTimeout,
		WriteTimeout:      pageTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12},
	}
	scheme := "http"
	done := make(chan error, 1)
	go func() {
		if f.cert == "" {
			done <- server.Serve(listener)
			return
		}
		done <- server.ServeTLS(listener, f.cert, f.certKey)
	}()
	if f.cert != "" {
		scheme = "https"
	}
	ready(scheme + "://" + listener.Addr().String())
	select {
	case err := <-done:
		return casefile.Errorf(casefile.Broken, "The server stopped: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	// Jobs are waited for beside requests, since a page that follows one ends with
	// it; those that do not end in time are stopped, and what they began is taken back.
	jobs := make(chan struct{})
	go func() {
		defer close(jobs)
		s.Shutdown(grace)
	}()
	err = server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-jobs
	fmt.Fprintln(a.err, "Lookback has stopped. Everything that was saved is in the register.")
	return err
}

// newLog writes what the operator needs, a line of JSON each. What is neither
// plain nor able to name itself by its id is refused: it could hold a person.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: guardLog}))
}

func guardLog(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindAny {
		return a
	}
	switch v := a.Value.Any().(type) {
	case error:
		return slog.String(a.Key, v.Error())
	case *slog.Source, slog.Level:
		return a
	}
	return slog.String(a.Key, fmt.Sprintf("(a %T is not logged)", a.Value.Any()))
}
