import { describeCodecs } from './codec-matrix.ts';

describeCodecs('mp4');
