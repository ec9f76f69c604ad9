package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

// recorderStatus is what GET /status of a recorder answers.
type recorderStatus struct {
	State           string  `json:"state"`
	Version         int64   `json:"version"`
	StartedAt       string  `json:"startedAt"`
	DurationSeconds float64 `json:"durationSeconds"`
}

type watcher struct {
	url    string
	cancel context.CancelFunc
	latest *recorderStatus
}

// recorders has one long poll for each recorder at work, and queues the recording when something was heard.
type recorders struct {
	client *http.Client
	events chan event.TypedGenericEvent[types.NamespacedName]
	mutex  sync.Mutex
	byKey  map[types.NamespacedName]*watcher
}

func newRecorders() *recorders {
	return &recorders{
		client: &http.Client{
			Timeout:   20 * time.Second,
			Transport: &http.Transport{MaxConnsPerHost: 1, MaxIdleConns: 0},
		},
		events: make(chan event.TypedGenericEvent[types.NamespacedName], 1024),
		byKey:  map[types.NamespacedName]*watcher{},
	}
}

func (r *recorders) follow(key types.NamespacedName, url string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if known, ok := r.byKey[key]; ok {
		if known.url == url {
			return
		}
		known.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{url: url, cancel: cancel}
	r.byKey[key] = w
	go r.poll(ctx, key, w)
}

func (r *recorders) latest(key types.NamespacedName) *recorderStatus {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if w, ok := r.byKey[key]; ok {
		return w.latest
	}
	return nil
}

func (r *recorders) drop(key types.NamespacedName) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if w, ok := r.byKey[key]; ok {
		w.cancel()
		delete(r.byKey, key)
	}
}

func (r *recorders) poll(ctx context.Context, key types.NamespacedName, w *watcher) {
	url := w.url + "/status"
	for ctx.Err() == nil {
		status, err := r.ask(ctx, url)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			continue
		}
		r.mutex.Lock()
		w.latest = status
		r.mutex.Unlock()
		r.events <- event.TypedGenericEvent[types.NamespacedName]{Object: key}
		url = fmt.Sprintf("%s/status?wait=15&after=%d", w.url, status.Version)
	}
}

func (r *recorders) ask(ctx context.Context, url string) (*recorderStatus, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the recorder answered %d", response.StatusCode)
	}
	status := new(recorderStatus)
	return status, json.NewDecoder(response.Body).Decode(status)
}
