import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import type { KubeObject } from '../../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../../operator/runtime/kube/resource.ts';

/** What the controller may do, all of it in one namespace. */
export const CONTROLLER_RULES = [
  {
    apiGroups: ['meetrec.dev'],
    resources: ['meetingrecordings'],
    verbs: ['get', 'list', 'watch', 'patch', 'delete'],
  },
  { apiGroups: ['meetrec.dev'], resources: ['meetingrecordings/status'], verbs: ['update'] },
  // Where owner references are enforced, blockOwnerDeletion needs it.
  { apiGroups: ['meetrec.dev'], resources: ['meetingrecordings/finalizers'], verbs: ['update'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
];

const NAME = 'controller';
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };
const SERVICE_ACCOUNTS = { group: '', version: 'v1', plural: 'serviceaccounts', namespaced: true };
const TOKENS: Resource<KubeObject & { status?: { token: string } }> = {
  ...SERVICE_ACCOUNTS,
  plural: `serviceaccounts/${NAME}/token`,
};

/** What it may do too where each recorder has a Service. */
export const SERVICE_RULES = [{ apiGroups: [''], resources: ['services'], verbs: ['get', 'create'] }];
/** And where it stands behind a gateway. */
export const GATEWAY_RULES = [
  ...SERVICE_RULES,
  {
    apiGroups: ['gateway.networking.k8s.io'],
    resources: ['tlsroutes'],
    verbs: ['get', 'create', 'patch'],
  },
];

/** A token of a service account with exactly these rights, and those in `more`. */
export async function controllerToken(
  kube: KubeClient,
  namespace: string,
  more: readonly object[] = [],
): Promise<string> {
  const metadata = { namespace, name: NAME };
  const create = async (resource: Resource<KubeObject>, body: object) =>
    await kube.create(resource, { metadata, ...body });
  await create(SERVICE_ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount' });
  const rbac = 'rbac.authorization.k8s.io/v1';
  await create(
    { ...RBAC, plural: 'roles' },
    { apiVersion: rbac, kind: 'Role', rules: [...CONTROLLER_RULES, ...more] },
  );
  await create(
    { ...RBAC, plural: 'rolebindings' },
    {
      apiVersion: rbac,
      kind: 'RoleBinding',
      roleRef: { apiGroup: RBAC.group, kind: 'Role', name: NAME },
      subjects: [{ kind: 'ServiceAccount', namespace, name: NAME }],
    },
  );
  const { status } = await kube.create(TOKENS, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { namespace },
    spec: { expirationSeconds: 3600 },
  } as KubeObject);
  if (!status) throw new Error('the API server issued no token');
  return status.token;
}
