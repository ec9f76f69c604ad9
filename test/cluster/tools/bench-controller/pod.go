package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

const (
	resultFinalizer       = "meetrec.dev/result"
	maxDurationAnnotation = "meetrec.dev/max-duration-seconds"
	folderAnnotation      = "meetrec.dev/folder"
	bucket                = "bench"
)

var podLabels = map[string]string{
	"app.kubernetes.io/name":       "meetrec-recorder",
	"app.kubernetes.io/managed-by": "meetrec",
}

// folderOf is the recording's folder in the bucket.
func folderOf(recording *MeetingRecording) string {
	uid := strings.ReplaceAll(string(recording.UID), "-", "")[:12]
	return fmt.Sprintf("recordings/%s/%s-%s/", recording.Spec.MeetingID, recording.Name, uid)
}

func podName(recording *MeetingRecording) string { return recording.Name + "-1" }

// recorderPod is the pod that Meetrec's own controller makes, field by field.
func recorderPod(recording *MeetingRecording, httpPort int) *corev1.Pod {
	key := sha256.Sum256([]byte(recording.UID))
	output := recording.Spec.Output
	environment := []corev1.EnvVar{
		{Name: "RECORDING_ID", Value: recording.Name},
		{Name: "RECORDING_UID", Value: string(recording.UID)},
		{Name: "RECORDING_ATTEMPT", Value: "1"},
		{Name: "MEETING_ID", Value: recording.Spec.MeetingID},
		{Name: "STREAM_KEY_SHA256", Value: hex.EncodeToString(key[:])},
		{Name: "RTMP_PORT", Value: "1935"},
		{Name: "HTTP_PORT", Value: fmt.Sprint(httpPort)},
		{Name: "RECORDING_FORMAT", Value: output.Format},
		{Name: "RECORDING_RESOLUTION", Value: output.Resolution},
		{Name: "RECORDING_FPS", Value: fmt.Sprint(output.FPS)},
		{Name: "RECORDING_BITRATE", Value: fmt.Sprint(output.BitrateKbps)},
		{Name: "RECORDING_MAX_DURATION", Value: fmt.Sprint(recording.Spec.MaxDurationSeconds)},
		{Name: "RECORDING_MAX_DURATION_FILE", Value: "/etc/meetrec/max-duration-seconds"},
		{Name: "RECORDING_STORAGE_PATH", Value: "/tmp/recordings"},
		{Name: "RECORDING_SPOOL_LIMIT_MB", Value: "8589"},
		{Name: "S3_KEY", Value: folderOf(recording) + "recording." + output.Format},
		{Name: "S3_BUCKET", Value: bucket},
		{Name: "NODE_NAME", ValueFrom: &corev1.EnvVarSource{
			FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"},
		}},
	}
	labels := map[string]string{
		"meetrec.dev/recording": recording.Name,
		"meetrec.dev/meeting":   recording.Spec.MeetingID,
		"meetrec.dev/attempt":   "1",
	}
	for name, value := range podLabels {
		labels[name] = value
	}
	memory, spool, storage := resource.MustParse("224Mi"), resource.MustParse("8Gi"), resource.MustParse("8448Mi")
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:      podName(recording),
			Namespace: recording.Namespace,
			Labels:    labels,
			Annotations: map[string]string{
				"cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
				"karpenter.sh/do-not-disrupt":                    "true",
				maxDurationAnnotation:                            fmt.Sprint(recording.Spec.MaxDurationSeconds),
				folderAnnotation:                                 bucket + "/" + folderOf(recording),
			},
			Finalizers:      []string{resultFinalizer},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(recording, groupVersion.WithKind("MeetingRecording"))},
		},
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyOnFailure,
			TerminationGracePeriodSeconds: ptr.To[int64](600),
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				RunAsUser:      ptr.To[int64](65532),
				RunAsGroup:     ptr.To[int64](65532),
				FSGroup:        ptr.To[int64](65532),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:            "recorder",
				Image:           "recorder:bench",
				ImagePullPolicy: corev1.PullIfNotPresent,
				Env:             environment,
				Ports: []corev1.ContainerPort{
					{Name: "rtmp", ContainerPort: 1935},
					{Name: "http", ContainerPort: int32(httpPort)},
				},
				ReadinessProbe: &corev1.Probe{
					ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromString("http")}},
					PeriodSeconds:    1,
					FailureThreshold: 3,
				},
				LivenessProbe: &corev1.Probe{
					ProbeHandler:                  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")}},
					TimeoutSeconds:                5,
					PeriodSeconds:                 10,
					FailureThreshold:              6,
					TerminationGracePeriodSeconds: ptr.To[int64](1),
				},
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{
						corev1.ResourceCPU:              resource.MustParse("100m"),
						corev1.ResourceMemory:           memory,
						corev1.ResourceEphemeralStorage: storage,
					},
					Limits: corev1.ResourceList{corev1.ResourceMemory: memory, corev1.ResourceEphemeralStorage: storage},
				},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					ReadOnlyRootFilesystem:   ptr.To(true),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
				VolumeMounts: []corev1.VolumeMount{
					{Name: "tmp", MountPath: "/tmp"},
					{Name: "spool", MountPath: "/tmp/recordings"},
					{Name: "limits", MountPath: "/etc/meetrec", ReadOnly: true},
				},
			}},
			Volumes: []corev1.Volume{emptyDir("spool", spool), emptyDir("tmp", resource.MustParse("64Mi")), limits()},
		},
	}
}

// limits shows the recorder its maximum duration as a file, which follows the annotation.
func limits() corev1.Volume {
	item := corev1.DownwardAPIVolumeFile{
		Path:     "max-duration-seconds",
		FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['" + maxDurationAnnotation + "']"},
	}
	return corev1.Volume{
		Name: "limits",
		VolumeSource: corev1.VolumeSource{
			DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{item}},
		},
	}
}

func emptyDir(name string, size resource.Quantity) corev1.Volume {
	return corev1.Volume{
		Name:         name,
		VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}},
	}
}
