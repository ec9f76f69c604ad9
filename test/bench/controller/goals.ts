import type { Goals } from '../goals.ts';

/** What the figures are to be; those that have no goal are only told. */
export const GOALS: Goals = {
  throughput1k: { atLeast: 1 },
  throughput10k: { atLeast: 1 },
  p99CreatedToPod: { atMost: 1 },
  p99PodToStatus: { atMost: 1 },
  p99CreatedToPodChurn: { atMost: 1 },
  p99PodToStatusChurn: { atMost: 1 },
  apiCalls: { atMost: 1 },
  apiCallsChurn: { atMost: 1 },
  rss: { atMost: 1.5 },
  rssChurn: { atMost: 1.5 },
  restartSeconds10k: { atMost: 5 },
  changeToStatusP99Ms: { atMost: 250 },
  freedToAdmittedP99Ms: { atMost: 1000 },
};
