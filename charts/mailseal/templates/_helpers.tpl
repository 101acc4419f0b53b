{{- define "mailseal.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "mailseal.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "mailseal.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "mailseal.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Of cluster-scoped objects: two releases of one name in two namespaces must not meet. */}}
{{- define "mailseal.clusterName" -}}
{{- printf "%s-%s" (include "mailseal.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "mailseal.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "mailseal.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "mailseal.selectorLabels" -}}
app.kubernetes.io/name: {{ include "mailseal.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mailseal.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "mailseal.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "mailseal.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* A duration such as 6h or 400d in seconds, which every version of PromQL compares with. */}}
{{- define "mailseal.seconds" -}}
{{- $units := dict "m" 60 "h" 3600 "d" 86400 }}
{{- mul (trimSuffix (regexFind "[mhd]$" .) .) (get $units (regexFind "[mhd]$" .)) }}
{{- end }}

{{/* What the operator may do in a namespace that it looks after. No delete, no wildcard. */}}
{{- define "mailseal.namespaceRules" -}}
# Its resources: patch is for finalizers and annotations, the specs are the users'.
- apiGroups: [mailseal.dev]
  resources: [maildomains, dkimkeys, ntarecords, dnsproviders]
  verbs: [get, list, watch, patch]
- apiGroups: [mailseal.dev]
  resources: [maildomains/status, dkimkeys/status, ntarecords/status, dnsproviders/status]
  verbs: [patch]
# For the ownerReference, with blockOwnerDeletion, of a signing key's Secret.
- apiGroups: [mailseal.dev]
  resources: [dkimkeys/finalizers]
  verbs: [update]
# Reads credentials by name, and writes signing keys. It lists and watches Secrets with the label selector
# app.kubernetes.io/managed-by=mailseal only; RBAC has no way to say so.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
# Retired private keys that a DkimKey asks to publish: <name>-revealed, read and written by name.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- if .Values.dnsEndpoints.enabled }}
# Providers of type dnsendpoint: one object for each zone, which external-dns carries out.
- apiGroups: [externaldns.k8s.io]
  resources: [dnsendpoints]
  verbs: [list, create, update]
{{- end }}
{{- end }}

{{/* What it needs on cluster-scoped kinds, wherever its namespaced resources are. */}}
{{- define "mailseal.clusterRules" -}}
- apiGroups: [mailseal.dev]
  resources: [clusterdnsproviders]
  verbs: [get, list, watch, patch]
- apiGroups: [mailseal.dev]
  resources: [clusterdnsproviders/status]
  verbs: [patch]
{{- if not .Values.operator.id }}
# Its uid is where the operator id is taken from.
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end }}
{{- end }}

{{/* In its own namespace: the credentials of ClusterDnsProviders. */}}
{{- define "mailseal.credentialRules" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
{{- end }}

{{- define "mailseal.eventRules" -}}
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* In its own namespace: which replica works. */}}
{{- define "mailseal.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "mailseal.fullname" . }}]
  verbs: [get, update]
{{- end }}
