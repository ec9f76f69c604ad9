import { describeCodecs } from './codec-matrix.ts';

describeCodecs('m3u8');
