package main

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "meetrec.dev", Version: "v1alpha1"}

// MeetingRecording is as much of the object as this controller reads and writes.
type MeetingRecording struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              Spec   `json:"spec"`
	Status            Status `json:"status,omitempty"`
}

type Spec struct {
	MeetingID          string          `json:"meetingId"`
	RequestedBy        string          `json:"requestedBy,omitempty"`
	Source             json.RawMessage `json:"source"`
	Output             Output          `json:"output"`
	MaxDurationSeconds int64           `json:"maxDurationSeconds"`
	DesiredState       string          `json:"desiredState"`
	TTL                int64           `json:"ttlSecondsAfterFinished"`
}

type Output struct {
	Format      string `json:"format"`
	Resolution  string `json:"resolution"`
	FPS         int64  `json:"fps"`
	BitrateKbps int64  `json:"bitrateKbps"`
}

type Status struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Phase              string             `json:"phase,omitempty"`
	Reason             string             `json:"reason,omitempty"`
	Message            string             `json:"message,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
	PodName            string             `json:"podName,omitempty"`
	NodeName           string             `json:"nodeName,omitempty"`
	Attempt            int64              `json:"attempt,omitempty"`
	Ingest             *Ingest            `json:"ingest,omitempty"`
	Folder             *Folder            `json:"folder,omitempty"`
	StartedAt          string             `json:"startedAt,omitempty"`
	StoppedAt          string             `json:"stoppedAt,omitempty"`
	CompletedAt        string             `json:"completedAt,omitempty"`
	DurationSeconds    float64            `json:"durationSeconds,omitempty"`
	MissingSeconds     *float64           `json:"missingSeconds,omitempty"`
	File               *File              `json:"file,omitempty"`
	Manifest           *ManifestRef       `json:"manifest,omitempty"`
	LastTermination    *Termination       `json:"lastTermination,omitempty"`
}

type Ingest struct {
	URL string `json:"url"`
}

type Folder struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix"`
}

type File struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	URL       string `json:"url"`
	SizeBytes int64  `json:"sizeBytes"`
	Format    string `json:"format"`
	Checksum  string `json:"checksum,omitempty"`
}

type ManifestRef struct {
	Bucket   string `json:"bucket"`
	Key      string `json:"key"`
	Checksum string `json:"checksum,omitempty"`
}

type Termination struct {
	ExitCode int32  `json:"exitCode"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	Node     string `json:"node,omitempty"`
	At       string `json:"at"`
}

// MeetingRecordingList is what the informer lists.
type MeetingRecordingList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MeetingRecording `json:"items"`
}

func (in *MeetingRecording) DeepCopyObject() runtime.Object { return in.DeepCopy() }

// DeepCopy is what deepcopy-gen would write.
func (in *MeetingRecording) DeepCopy() *MeetingRecording {
	out := new(MeetingRecording)
	*out = *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Source = append(json.RawMessage(nil), in.Spec.Source...)
	out.Status = *in.Status.DeepCopy()
	return out
}

func (in *Status) DeepCopy() *Status {
	out := new(Status)
	*out = *in
	out.Conditions = append([]metav1.Condition(nil), in.Conditions...)
	out.Ingest = copyOf(in.Ingest)
	out.Folder = copyOf(in.Folder)
	out.MissingSeconds = copyOf(in.MissingSeconds)
	out.File = copyOf(in.File)
	out.Manifest = copyOf(in.Manifest)
	out.LastTermination = copyOf(in.LastTermination)
	return out
}

func (in *MeetingRecordingList) DeepCopyObject() runtime.Object {
	out := &MeetingRecordingList{TypeMeta: in.TypeMeta}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range in.Items {
		out.Items = append(out.Items, *in.Items[i].DeepCopy())
	}
	return out
}

func copyOf[T any](in *T) *T {
	if in == nil {
		return nil
	}
	out := *in
	return &out
}
