{{- /* The name of every object: short enough that the suffixes of this chart stay within 63 characters. */ -}}
{{- define "rackwright.name" -}}
{{- if contains "rackwright" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-rackwright" (.Release.Name | trunc 39 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "rackwright.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "rackwright.name" .) -}}
{{- end -}}

{{- /* A selector cannot be changed after installation: nothing from the values may come in here. */ -}}
{{- define "rackwright.selector" -}}
app.kubernetes.io/name: rackwright
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- /* The selector's labels win over those of the values, or the Deployment would not find its Pods. */ -}}
{{- define "rackwright.labels" -}}
{{- $own := include "rackwright.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_")) -}}
{{- toYaml (merge dict $own .Values.labels) -}}
{{- end -}}

{{- define "rackwright.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
