// Command bench-controller is what Meetrec's controller is measured against: the same work for MeetingRecordings with
// an RTMP source (a finalizer, a pod, the same status writes, the same events), written with controller-runtime in the
// ordinary way. It has none of the rest: no queue for slots, no push, no retention.
package main

import (
	"flag"
	"net/http"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	namespace := flag.String("namespace", "bench", "the namespace of the recordings")
	workers := flag.Int("workers", 10, "recordings worked on at once")
	recorderPort := flag.Int("recorder-http-port", 8080, "the port of the recorders' status")
	probe := flag.String("probe-address", "127.0.0.1:0", "where /readyz is")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	if err := run(*namespace, *workers, *recorderPort, *probe); err != nil {
		ctrl.Log.Error(err, "ended")
		os.Exit(1)
	}
}

func run(namespace string, workers, recorderPort int, probe string) error {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	scheme.AddKnownTypes(groupVersion, &MeetingRecording{}, &MeetingRecordingList{})
	metav1.AddToGroupVersion(scheme, groupVersion)

	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// As the other side: the API server alone says what is too much.
	config.QPS = -1
	config.UserAgent = "bench-go"
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                 scheme,
		Metrics:                metricsserver.Options{BindAddress: "127.0.0.1:0"},
		HealthProbeBindAddress: probe,
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{namespace: {}},
			DefaultTransform:  cache.TransformStripManagedFields(),
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Pod{}: {Label: labels.SelectorFromSet(podLabels)},
			},
		},
	})
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	// Not the manager's own recorder, which drops most of a burst: both sides tell of every change.
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: clients.EventsV1()})
	defer broadcaster.Shutdown()
	context := ctrl.SetupSignalHandler()
	if err := broadcaster.StartRecordingToSinkWithContext(context); err != nil {
		return err
	}
	reconciler := &reconciler{
		Client:    manager.GetClient(),
		events:    broadcaster.NewRecorder(scheme, "meetrec.dev/bench"),
		recorders: newRecorders(),
		httpPort:  recorderPort,
	}
	if err := reconciler.setup(manager, workers); err != nil {
		return err
	}
	synced := func(request *http.Request) error {
		if !manager.GetCache().WaitForCacheSync(request.Context()) {
			return http.ErrAbortHandler
		}
		return nil
	}
	if err := manager.AddReadyzCheck("caches", synced); err != nil {
		return err
	}
	return manager.Start(context)
}
