{{- define "meetrec.name" -}}
{{- if contains "meetrec" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-meetrec" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "meetrec.labels" -}}
app.kubernetes.io/name: meetrec
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Secrets: the user's own, or the one that this chart makes of the values. */}}
{{- define "meetrec.s3Secret" -}}
{{- if .Values.s3.existingSecret }}{{ .Values.s3.existingSecret }}{{ else if .Values.s3.accessKeyId }}{{ include "meetrec.name" . }}-s3{{ end -}}
{{- end -}}
{{- define "meetrec.agoraSecret" -}}
{{- if .Values.agora.existingSecret }}{{ .Values.agora.existingSecret }}{{ else if or .Values.agora.customerId .Values.agora.webhookSecret .Values.agora.appCertificate }}{{ include "meetrec.name" . }}-agora{{ end -}}
{{- end -}}
{{- define "meetrec.mongodbSecret" -}}
{{- .Values.mongodb.existingSecret | default (printf "%s-mongodb" (include "meetrec.name" .)) -}}
{{- end -}}
{{- define "meetrec.authSecret" -}}
{{- .Values.auth.existingSecret | default (printf "%s-auth" (include "meetrec.name" .)) -}}
{{- end -}}
{{- define "meetrec.streamKeySecret" -}}
{{- .Values.streamKey.existingSecret | default (printf "%s-stream-key" (include "meetrec.name" .)) -}}
{{- end -}}

{{- define "meetrec.priorityClass" -}}
{{- if .Values.recorder.priorityClassName }}{{ .Values.recorder.priorityClassName }}{{ else if .Values.recorder.priority }}{{ .Release.Namespace }}-{{ include "meetrec.name" . }}-recorder{{ end -}}
{{- end -}}

{{/* Restarts the pods when a Secret or setting that they read at the start has changed. */}}
{{- define "meetrec.configChecksum" -}}
{{ pick .Values "s3" "agora" "mongodb" "auth" "streamKey" "defaults" "recorder" "ingest" "manifest" | toJson | sha256sum }}
{{- end -}}

{{- define "meetrec.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "meetrec.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Environment that the controller and the API share: pass a dict of root and nothing else. */}}
{{- define "meetrec.commonEnv" -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: RECORDINGS_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: HTTP_PORT
  value: "8080"
- name: STREAM_KEY_SECRET
  valueFrom: { secretKeyRef: { name: {{ include "meetrec.streamKeySecret" . }}, key: STREAM_KEY_SECRET } }
- name: AWS_REGION
  value: {{ .Values.s3.region | quote }}
- name: S3_BUCKET
  value: {{ .Values.s3.bucket | quote }}
{{- with .Values.s3.endpoint }}
- name: S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
- name: S3_FORCE_PATH_STYLE
  value: {{ .Values.s3.forcePathStyle | quote }}
- name: S3_CHECKSUMS
  value: {{ .Values.s3.checksums | quote }}
{{- with .Values.s3.httpsProxy }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with .Values.s3.noProxy }}
- name: NO_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with .Values.ingest.rtmpServerUrl }}
- name: RTMP_SERVER_URL
  value: {{ . | quote }}
{{- end }}
{{- end -}}
