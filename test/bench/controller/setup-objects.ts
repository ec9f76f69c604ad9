import type { KubeObject } from '../../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../../operator/runtime/kube/resource.ts';

export const NAMESPACE = 'bench';
const ACCOUNT = 'controller';
/** The user that the measured controller is. */
export const CONTROLLER_USER = `system:serviceaccount:${NAMESPACE}:${ACCOUNT}`;

export interface Setup {
  readonly resource: Resource<KubeObject>;
  readonly object: KubeObject;
}

const core = { group: '', version: 'v1' };
const admission = { group: 'admissionregistration.k8s.io', version: 'v1beta1', namespaced: false };
const metadata = { namespace: NAMESPACE, name: ACCOUNT };

/** The namespace, the controller's account, the node, and what puts every pod on it in a scheduler's place. */
export function setupObjects(node: string): Setup[] {
  return [
    {
      resource: { ...core, plural: 'namespaces', namespaced: false },
      object: named('v1', 'Namespace', NAMESPACE),
    },
    {
      resource: { ...core, plural: 'serviceaccounts', namespaced: true },
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    },
    {
      resource: {
        group: 'rbac.authorization.k8s.io',
        version: 'v1',
        plural: 'rolebindings',
        namespaced: true,
      },
      object: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', ...metadata }],
      } as KubeObject,
    },
    { resource: { ...core, plural: 'nodes', namespaced: false }, object: named('v1', 'Node', node) },
    ...scheduling(node),
  ];
}

/** A token for the controller's account, for an hour. */
export function tokenRequest(): Setup {
  return {
    resource: { ...core, plural: `serviceaccounts/${ACCOUNT}/token`, namespaced: true },
    object: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace: NAMESPACE },
      spec: { expirationSeconds: 7200 },
    } as KubeObject,
  };
}

/** A scheduler would cost both sides a second write for each pod and this machine a third of a core. */
function scheduling(node: string): Setup[] {
  const name = 'one-node.bench';
  const apiVersion = 'admissionregistration.k8s.io/v1beta1';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const expression = `[JSONPatch{op: "add", path: "/spec/nodeName", value: "${node}"}]`;
  return [
    {
      resource: { ...admission, plural: 'mutatingadmissionpolicies' },
      object: {
        ...named(apiVersion, 'MutatingAdmissionPolicy', name),
        spec: {
          matchConstraints: { resourceRules: [rule] },
          failurePolicy: 'Fail',
          reinvocationPolicy: 'Never',
          mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
        },
      } as KubeObject,
    },
    {
      resource: { ...admission, plural: 'mutatingadmissionpolicybindings' },
      object: {
        ...named(apiVersion, 'MutatingAdmissionPolicyBinding', name),
        spec: { policyName: name },
      } as KubeObject,
    },
  ];
}

function named(apiVersion: string, kind: string, name: string): KubeObject {
  return { apiVersion, kind, metadata: { name } };
}
