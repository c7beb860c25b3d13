import {ocsf} from '../../lib/operators/ocsf.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {describeSchemaOperator} from '../support/schema-operator.ts';

describeSchemaOperator('ocsf', ocsf, toOcsf);
