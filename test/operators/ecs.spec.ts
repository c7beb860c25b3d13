import {ecs} from '../../lib/operators/ecs.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {describeSchemaOperator} from '../support/schema-operator.ts';

describeSchemaOperator('ecs', ecs, toEcs);
