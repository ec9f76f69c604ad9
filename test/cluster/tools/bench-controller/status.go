package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func now() string { return time.Now().UTC().Format(time.RFC3339) }

func say(status *Status, phase, reason, message string) {
	status.Phase, status.Reason, status.Message = phase, reason, message
	succeeded := metav1.ConditionUnknown
	if phase == "Completed" {
		succeeded = metav1.ConditionTrue
	}
	set(status, "Succeeded", succeeded, reason, message)
	if phase != "Completed" {
		set(status, "Complete", metav1.ConditionUnknown, "InProgress", "It is told at the end what is missing")
	}
}

func set(status *Status, kind string, value metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: kind, Status: value, Reason: reason, Message: message, ObservedGeneration: status.ObservedGeneration,
	})
}

func admit(status *Status) {
	set(status, "Admitted", metav1.ConditionTrue, "SlotTaken", "The recording has a slot")
	say(status, "Starting", "CreatingRecorder", "The recorder pod is being made")
}

func follow(status *Status, pod *corev1.Pod) {
	status.Attempt, status.PodName, status.NodeName = 1, pod.Name, pod.Spec.NodeName
	if prefix, found := strings.CutPrefix(pod.Annotations[folderAnnotation], bucket+"/"); found && status.Folder == nil {
		status.Folder = &Folder{Bucket: bucket, Prefix: prefix}
	}
	if status.Phase == "Starting" && status.Ingest == nil && !isListening(pod) {
		set(status, "RecorderReady", metav1.ConditionFalse, "RecorderStarting", "The recorder starts on its node")
		say(status, "Starting", "RecorderStarting", "The recorder starts on its node")
	}
}

func isListening(pod *corev1.Pod) bool {
	if pod.Status.PodIP == "" || pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func listen(status *Status, pod *corev1.Pod) {
	status.Ingest = &Ingest{URL: fmt.Sprintf("rtmp://%s:1935/live", pod.Status.PodIP)}
	set(status, "RecorderReady", metav1.ConditionTrue, "Listening", "The recorder listens for its publisher")
	if status.StartedAt == "" {
		say(status, "Starting", "WaitingForPublisher", "The recorder listens; no media has arrived yet")
	}
}

func hear(status *Status, live *recorderStatus) {
	if live.State != "recording" {
		return
	}
	if status.StartedAt == "" {
		status.StartedAt = live.StartedAt
	}
	if live.DurationSeconds > 0 {
		status.DurationSeconds = live.DurationSeconds
	}
	set(status, "Receiving", metav1.ConditionTrue, "Receiving", "Media is arriving")
	say(status, "Recording", "Receiving", "Media is arriving")
}

func stop(status *Status) {
	say(status, "Stopping", "StopRequested", "Somebody asked for the recording to end")
	if status.StartedAt != "" && status.StoppedAt == "" {
		status.StoppedAt = now()
	}
}

// complete takes over the recorder's result, once its container has ended.
func complete(status *Status, pod *corev1.Pod) error {
	for _, container := range pod.Status.ContainerStatuses {
		terminated := container.State.Terminated
		if container.Name != "recorder" || terminated == nil {
			continue
		}
		var result struct {
			File
			StartedAt       string       `json:"startedAt"`
			StoppedAt       string       `json:"stoppedAt"`
			DurationSeconds float64      `json:"durationSeconds"`
			Complete        *bool        `json:"complete"`
			MissingSeconds  *float64     `json:"missingSeconds"`
			Manifest        *ManifestRef `json:"manifest"`
		}
		if err := json.Unmarshal([]byte(terminated.Message), &result); err != nil {
			return err
		}
		status.StartedAt, status.StoppedAt, status.DurationSeconds = result.StartedAt, result.StoppedAt, result.DurationSeconds
		status.File = &result.File
		if result.Manifest != nil {
			result.Manifest.Bucket = result.Bucket
			status.Manifest = result.Manifest
		}
		status.MissingSeconds = result.MissingSeconds
		tellCompleteness(status, result.Complete)
		status.LastTermination = &Termination{
			ExitCode: terminated.ExitCode, Reason: terminated.Reason, Node: pod.Spec.NodeName,
			At: terminated.FinishedAt.UTC().Format(time.RFC3339),
		}
		set(status, "Admitted", metav1.ConditionFalse, "SlotReleased", "The recording has ended")
		set(status, "RecorderReady", metav1.ConditionFalse, "RecorderEnded", "The recorder has ended")
		set(status, "Receiving", metav1.ConditionFalse, "RecorderEnded", "The recording has ended")
		set(status, "Uploaded", metav1.ConditionTrue, "FileStored", result.URL)
		say(status, "Completed", status.Reason, "The recording is complete")
		status.CompletedAt = now()
	}
	return nil
}

// tellCompleteness says whether everything that the recorder accepted is in its file; nil: it did not say.
func tellCompleteness(status *Status, complete *bool) {
	switch {
	case complete == nil:
		set(status, "Complete", metav1.ConditionUnknown, "NotReported", "The recorder does not say whether anything is missing")
	case *complete:
		set(status, "Complete", metav1.ConditionTrue, "EverythingStored", "Every packet that a recorder accepted is in the files.")
	default:
		set(status, "Complete", metav1.ConditionFalse, "MediaLost", "Media that the recorder accepted is in no file.")
	}
}
