import { describeCodecs } from './codec-matrix.ts';

describeCodecs('webm');
