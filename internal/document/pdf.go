package document

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// pdfAtOnce is how many PDF files are read at the same time.
const pdfAtOnce = 2

// A pdfEngine runs PDFium in a WebAssembly sandbox: it sees the bytes that it is
// given and no file, no clock and no network of the machine. Compiling takes
// seconds, so it is done once and shared; a file gets a fresh instance, so that
// nothing of one file is left for the next.
type pdfEngine struct {
	once  sync.Once
	err   error
	cache wazero.CompilationCache
	slots chan *pdfSlot
}

// A pdfSlot reads one file at a time. Its context is the only way to stop a
// reading in its middle; a slot that was stopped is thrown away.
type pdfSlot struct {
	pool   pdfium.Pool
	cancel context.CancelFunc
}

func (e *pdfEngine) start(limits Limits) error {
	e.once.Do(func() {
		e.cache = wazero.NewCompilationCache()
		e.slots = make(chan *pdfSlot, pdfAtOnce)
		first, err := e.slot(limits)
		if err != nil {
			e.err = err
			return
		}
		e.slots <- first
		for range pdfAtOnce - 1 {
			e.slots <- nil // made when it is needed
		}
	})
	return e.err
}

func (e *pdfEngine) slot(limits Limits) (*pdfSlot, error) {
	ctx, cancel := context.WithCancel(context.Background())
	runtime := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(min(limits.PDFMemory, 4096)) * 16). // of 64 KiB
		WithCompilationCache(e.cache).
		WithCloseOnContextDone(true)
	pool, err := webassembly.Init(webassembly.Config{
		Context:       ctx,
		MaxTotal:      1,
		FSConfig:      wazero.NewFSConfig(), // the default would mount the whole disk
		RuntimeConfig: runtime,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	return &pdfSlot{pool, cancel}, nil
}

func (s *pdfSlot) close() error {
	s.cancel()
	return s.pool.Close()
}

func (e *pdfEngine) close() error {
	e.once.Do(func() {}) // a start that is under way ends first
	if e.slots == nil {
		return nil
	}
	var errs []error
	for range len(e.slots) {
		if s := <-e.slots; s != nil {
			errs = append(errs, s.close())
		}
	}
	errs = append(errs, e.cache.Close(context.Background()))
	e.err = errors.New("the PDF reader was closed")
	return errors.Join(errs...)
}

// text reads one PDF in a slot of its own.
func (e *pdfEngine) text(ctx context.Context, data []byte, limits Limits) (Doc, error) {
	var s *pdfSlot
	select {
	case s = <-e.slots:
	case <-ctx.Done():
		return Doc{}, ctx.Err()
	}
	if s == nil {
		var err error
		if s, err = e.slot(limits); err != nil {
			e.slots <- nil
			return Doc{}, err
		}
	}
	stop := context.AfterFunc(ctx, s.cancel)
	d, err := s.text(ctx, data, limits)
	if stop() {
		e.slots <- s
		return d, err
	}
	s.close() //nolint:errcheck // it was stopped in its middle: what it says of that is of no use
	e.slots <- nil
	return d, err
}

func (s *pdfSlot) text(ctx context.Context, data []byte, limits Limits) (Doc, error) {
	instance, err := s.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return Doc{}, err
	}
	d, err := readPDF(ctx, instance, data, limits)
	return d, errors.Join(err, instance.Close())
}
