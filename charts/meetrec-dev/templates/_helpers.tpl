{{- define "dev.securityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}
{{- define "dev.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
{{- define "dev.service" }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
spec:
  selector: { app: {{ .name }} }
  ports:
    - { port: {{ .port }}, targetPort: {{ .port }} }
{{- end }}
