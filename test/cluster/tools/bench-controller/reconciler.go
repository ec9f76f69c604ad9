package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const recordingFinalizer = "meetrec.dev/recording"

type reconciler struct {
	client.Client
	events    events.EventRecorder
	recorders *recorders
	httpPort  int
}

func (r *reconciler) setup(manager ctrl.Manager, workers int) error {
	heard := handler.TypedFuncs[types.NamespacedName, reconcile.Request]{
		GenericFunc: func(_ context.Context, e event.TypedGenericEvent[types.NamespacedName], queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			queue.Add(reconcile.Request{NamespacedName: e.Object})
		},
	}
	return ctrl.NewControllerManagedBy(manager).
		For(&MeetingRecording{}).
		Owns(&corev1.Pod{}).
		WatchesRawSource(source.TypedChannel[types.NamespacedName, reconcile.Request](r.recorders.events, heard)).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	recording := new(MeetingRecording)
	if err := r.Get(ctx, request.NamespacedName, recording); err != nil {
		if apierrors.IsNotFound(err) {
			r.recorders.drop(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	pod := new(corev1.Pod)
	if err := r.Get(ctx, types.NamespacedName{Namespace: recording.Namespace, Name: podName(recording)}, pod); apierrors.IsNotFound(err) {
		pod = nil
	} else if err != nil {
		return ctrl.Result{}, err
	}
	if recording.Status.Phase == "Completed" {
		return ctrl.Result{}, r.letGo(ctx, recording, pod)
	}
	before := recording.Status.DeepCopy()
	if err := r.advance(ctx, recording, pod); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if equality.Semantic.DeepEqual(before, &recording.Status) {
		return ctrl.Result{}, nil
	}
	if err := r.Status().Update(ctx, recording); err != nil {
		// Somebody else wrote first; the event of that brings it back.
		if apierrors.IsConflict(err) {
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if before.Phase != recording.Status.Phase || before.Reason != recording.Status.Reason {
		r.events.Eventf(recording, nil, corev1.EventTypeNormal, recording.Status.Reason, recording.Status.Phase, "%s", recording.Status.Message)
	}
	return ctrl.Result{}, nil
}

func (r *reconciler) advance(ctx context.Context, recording *MeetingRecording, pod *corev1.Pod) error {
	key := client.ObjectKeyFromObject(recording)
	status := &recording.Status
	status.ObservedGeneration = recording.Generation
	if status.Phase == "" {
		if err := r.addFinalizer(ctx, recording); err != nil {
			return err
		}
		status = &recording.Status
		status.ObservedGeneration = recording.Generation
		admit(status)
	}
	if pod == nil {
		if status.PodName != "" {
			return nil
		}
		pod = recorderPod(recording, r.httpPort)
		if err := r.Create(ctx, pod); client.IgnoreAlreadyExists(err) != nil {
			return err
		}
	}
	follow(status, pod)
	if status.Phase == "Stopping" {
		r.recorders.drop(key)
		if pod.DeletionTimestamp == nil {
			return r.Delete(ctx, pod)
		}
		return complete(status, pod)
	}
	if recording.Spec.DesiredState == "Stopped" {
		stop(status)
		return nil
	}
	if !isListening(pod) {
		return nil
	}
	listen(status, pod)
	r.recorders.follow(key, fmt.Sprintf("http://%s:%d", pod.Status.PodIP, r.httpPort))
	if live := r.recorders.latest(key); live != nil {
		hear(status, live)
	}
	return nil
}

func (r *reconciler) addFinalizer(ctx context.Context, recording *MeetingRecording) error {
	base := recording.DeepCopy()
	if !controllerutil.AddFinalizer(recording, recordingFinalizer) {
		return nil
	}
	return r.Patch(ctx, recording, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
}

// letGo leaves nothing behind of a finished recording but the object.
func (r *reconciler) letGo(ctx context.Context, recording *MeetingRecording, pod *corev1.Pod) error {
	r.recorders.drop(client.ObjectKeyFromObject(recording))
	if pod != nil {
		base := pod.DeepCopy()
		if controllerutil.RemoveFinalizer(pod, resultFinalizer) {
			if err := client.IgnoreNotFound(r.Patch(ctx, pod, client.MergeFrom(base))); err != nil {
				return err
			}
		}
	}
	base := recording.DeepCopy()
	if controllerutil.RemoveFinalizer(recording, recordingFinalizer) {
		return client.IgnoreNotFound(r.Patch(ctx, recording, client.MergeFrom(base)))
	}
	return nil
}
