import {describeSource} from 'rxaudit/testing';
import api from './emulator.js';
import source from './index.js';

describeSource(source, api);
