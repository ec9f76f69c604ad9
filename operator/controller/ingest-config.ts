import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { flag, json } from './environment-values.ts';

const text = (description: string) => z.string().min(1).optional().meta({ description });

/** The part of the controller's environment that says how publishers reach recorders. */
export const ingestEnvironment = {
  RTMP_SERVER_URL: z
    .string()
    .regex(/^rtmps?:\/\/[^/\s]+(\/\S*)?$/, 'is a URL such as rtmp://ingest.example.com/live')
    .optional()
    .meta({ description: 'A fixed ingest URL in front of the pods, in place of rtmp://POD-IP:PORT/live.' }),
  INGEST_EXPOSURE: z
    .enum(['podIP', 'hostPort', 'nodePort', 'loadBalancer', 'gateway', 'fixed'])
    .optional()
    .meta({
      description:
        'How publishers reach recorders; fixed where RTMP_SERVER_URL is set, else podIP unless told.',
    }),
  INGEST_HOST: text(
    "The host name of the nodes for publishers, with nodePort; the IP of the pod's node unless told.",
  ),
  INGEST_HOST_PORTS: z
    .string()
    .regex(/^[0-9]{1,5}-[0-9]{1,5}$/, 'is a range of ports such as 20000-20999')
    .default('20000-20999')
    .meta({ description: 'The ports of a node that recorders ask for, with hostPort.' }),
  INGEST_SERVICE_ANNOTATIONS: json(z.record(z.string(), z.string()))
    .optional()
    .meta({ description: "Annotations of the recorders' Services, as JSON; none unless told." }),
  INGEST_LOAD_BALANCER_CLASS: text(
    "Who makes the load balancers, with loadBalancer; the cluster's default unless told.",
  ),
  INGEST_PROXY_PROTOCOL: flag(false).meta({
    description:
      'true: recorders take only connections that begin with a header of the PROXY protocol, version 2, as something in front of them sends it.',
  }),
  INGEST_GATEWAY_NAME: text('The Gateway that takes the publishers, with gateway.'),
  INGEST_GATEWAY_NAMESPACE: text('Its namespace; the one of the recordings unless told.'),
  INGEST_GATEWAY_LISTENER: text(
    'Its listener, of protocol TLS and mode Passthrough; any that fits unless told.',
  ),
  INGEST_GATEWAY_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(443)
    .meta({ description: "The listener's port as publishers reach it." }),
  INGEST_DOMAIN: z
    .string()
    .regex(
      /^(?=.{1,190}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
      'is a domain such as ingest.example.com',
    )
    .optional()
    .meta({ description: 'A recording has the host name RECORDING.DOMAIN, with gateway.' }),
  INGEST_TLS_SECRET: text(
    'The Secret of type kubernetes.io/tls that recorders serve, for *.DOMAIN, with gateway.',
  ),
  INGEST_TLS_CA_PATH: text('PEM file of an authority that is trusted beside the public ones at the check.'),
  INGEST_CHECK_ADDRESS: z
    .string()
    .regex(/^[^\s:/]+:[0-9]{1,5}$/, 'is HOST:PORT')
    .optional()
    .meta({
      description:
        'HOST:PORT at which it is checked that the gateway leads to a recorder; where publishers go unless told.',
    }),
};

type IngestEnvironment = z.output<z.ZodObject<typeof ingestEnvironment>>;

/** The Gateway that leads to recorders, and what publishers see of it. */
export interface GatewayConfig {
  readonly name: string;
  /** Absent: the recording's own. */
  readonly namespace: string | undefined;
  readonly listener: string | undefined;
  readonly port: number;
  readonly domain: string;
  readonly tlsSecret: string;
  readonly caPath: string | undefined;
  /** Where the check goes; absent: where publishers go. */
  readonly check: { readonly host: string; readonly port: number } | undefined;
}

type Exposure =
  | { exposure: 'fixed'; fixedUrl: string }
  | { exposure: 'gateway'; gateway: GatewayConfig }
  | { exposure: 'podIP' | 'hostPort' | 'nodePort' | 'loadBalancer' };

export type IngestConfig = Exposure & {
  readonly host: string | undefined;
  readonly hostPorts: readonly [first: number, last: number];
  readonly serviceAnnotations: Readonly<Record<string, string>> | undefined;
  readonly loadBalancerClass: string | undefined;
  /** Recorders take only connections that begin with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
};

/** Throws {@link ConfigError}. */
export function ingestConfig(env: IngestEnvironment): IngestConfig {
  const [first = 0, last = 0] = env.INGEST_HOST_PORTS.split('-').map(Number);
  if (first < 1 || last > 65_535 || first > last)
    throw new ConfigError(`INGEST_HOST_PORTS: ${env.INGEST_HOST_PORTS} is no range of ports from 1 to 65535`);
  const common = {
    host: env.INGEST_HOST,
    hostPorts: [first, last] as const,
    serviceAnnotations: env.INGEST_SERVICE_ANNOTATIONS,
    loadBalancerClass: env.INGEST_LOAD_BALANCER_CLASS,
    proxyProtocol: env.INGEST_PROXY_PROTOCOL,
  };
  const url = env.RTMP_SERVER_URL;
  const exposure = env.INGEST_EXPOSURE ?? (url === undefined ? 'podIP' : 'fixed');
  const isDirect =
    exposure === 'podIP' || exposure === 'hostPort' || (exposure === 'nodePort' && !common.host);
  if (isDirect && common.proxyProtocol) {
    const where = exposure === 'nodePort' ? 'nodePort without INGEST_HOST' : exposure;
    throw new ConfigError(
      `INGEST_PROXY_PROTOCOL: with ${where}, publishers come straight to the recorder, which would refuse them`,
    );
  }
  if (exposure === 'gateway') return { ...common, exposure, gateway: gatewayConfig(env) };
  if (exposure !== 'fixed') return { ...common, exposure };
  return { ...common, exposure, fixedUrl: required('RTMP_SERVER_URL', url, exposure) };
}

function gatewayConfig(env: IngestEnvironment): GatewayConfig {
  const [host = '', port] = env.INGEST_CHECK_ADDRESS?.split(':') ?? [];
  return {
    name: required('INGEST_GATEWAY_NAME', env.INGEST_GATEWAY_NAME, 'gateway'),
    namespace: env.INGEST_GATEWAY_NAMESPACE,
    listener: env.INGEST_GATEWAY_LISTENER,
    port: env.INGEST_GATEWAY_PORT,
    domain: required('INGEST_DOMAIN', env.INGEST_DOMAIN, 'gateway'),
    tlsSecret: required('INGEST_TLS_SECRET', env.INGEST_TLS_SECRET, 'gateway'),
    caPath: env.INGEST_TLS_CA_PATH,
    check: port === undefined ? undefined : { host, port: Number(port) },
  };
}

function required(name: string, value: string | undefined, exposure: string): string {
  if (value === undefined) throw new ConfigError(`${name} is required with INGEST_EXPOSURE=${exposure}`);
  return value;
}
