import { describe, expect, it } from 'vitest';
import { ingestRoute, whyNotTaken } from './ingest-route.ts';
import type { RouteCondition, TlsRoute } from './ingest-route.ts';
import type { GatewayConfig } from './ingest-config.ts';
import { UID, podOf, recordingOf } from './testing/build.ts';

const gateway: GatewayConfig = {
  name: 'ingest',
  namespace: 'gateways',
  listener: 'rtmps',
  port: 443,
  domain: 'ingest.example.com',
  tlsSecret: 'tls',
  caPath: undefined,
  check: undefined,
};

const accepted: RouteCondition = { type: 'Accepted', status: 'True', observedGeneration: 2 };
const resolved: RouteCondition = { type: 'ResolvedRefs', status: 'True', observedGeneration: 2 };

function routeWith(...answers: { gateway?: string; conditions: RouteCondition[] }[]): TlsRoute {
  return {
    metadata: { name: `meetrec-${UID}`, namespace: 'ns', generation: 2 },
    status: {
      parents: answers.map(({ gateway: name = 'ingest', conditions }) => ({
        parentRef: { name, namespace: 'gateways', sectionName: 'rtmps' },
        conditions,
      })),
    },
  };
}

describe("a recording's route", () => {
  it('leads from its host name to the Service of its recorder, and belongs to the pod', () => {
    const recording = recordingOf({ metadata: { name: 'rec-7' } });
    const pod = podOf(recording);
    const options = {
      recording,
      pod,
      gateway,
      attempt: 2,
      serviceName: `meetrec-${UID}-2`,
      servicePort: 1935,
    };
    expect(ingestRoute(options)).toMatchObject({
      metadata: { name: `meetrec-${UID}`, ownerReferences: [{ kind: 'Pod', uid: 'pod-uid' }] },
      spec: {
        hostnames: ['rec-7.ingest.example.com'],
        parentRefs: [{ name: 'ingest', namespace: 'gateways', sectionName: 'rtmps' }],
        rules: [{ backendRefs: [{ name: `meetrec-${UID}-2`, port: 1935 }] }],
      },
    });
  });

  it.each([
    ['nobody has answered', routeWith()],
    ['another gateway has answered', routeWith({ gateway: 'other', conditions: [accepted, resolved] })],
    ['only half of the answer is there', routeWith({ conditions: [accepted] })],
    [
      'the answer is to what the route was before',
      routeWith({ conditions: [{ ...accepted, observedGeneration: 1 }, resolved] }),
    ],
  ])('is pending while %s', (_, route) => {
    expect(whyNotTaken(route, gateway)?.reason).toBe('IngestRoutePending');
  });

  it("is not accepted when the gateway says so, with the gateway's words", () => {
    const refused = { ...accepted, status: 'False', reason: 'NoMatchingListenerHostname', message: 'sorry' };
    expect(whyNotTaken(routeWith({ conditions: [refused, resolved] }), gateway)).toEqual({
      reason: 'IngestRouteNotAccepted',
      message:
        "The Gateway gateways/ingest does not take the recording's route (Accepted: NoMatchingListenerHostname): sorry",
    });
  });

  it('is taken when one controller takes it, whatever another says', () => {
    const refused = { ...accepted, status: 'False' };
    const route = routeWith(
      { conditions: [refused, resolved] },
      { conditions: [accepted, { ...resolved, status: 'True' }] },
    );
    expect(whyNotTaken(route, gateway)).toBeUndefined();
  });

  it('is taken by a gateway that names no generation, and in the namespace of the recording', () => {
    const bare = { type: 'Accepted', status: 'True' };
    const here = { ...gateway, namespace: undefined, listener: undefined };
    const route: TlsRoute = {
      metadata: { name: 'r', namespace: 'ns', generation: 4 },
      status: {
        parents: [{ parentRef: { name: 'ingest' }, conditions: [bare, { ...bare, type: 'ResolvedRefs' }] }],
      },
    };
    expect(whyNotTaken(route, here)).toBeUndefined();
  });
});
