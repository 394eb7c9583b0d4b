// Questions that are answered by looking: at events somebody sends, or at what is stored.
import type { HttpApp } from '../app.ts';
import type { HealthBoard } from '../health/board.ts';
import type { HttpStatus } from '../status.ts';
import { type BehaviourRouteParts, behaviourRoute } from './behaviour.ts';
import { correlationRoute } from './correlation.ts';
import { type DetectionRouteParts, detectionRoute } from './detection.ts';
import { networkRoute } from './network.ts';
import { threatHealthRoute } from './threat-health.ts';

export interface AnalysisRoutesParts
  extends Omit<BehaviourRouteParts, 'store' | 'nowMs'>,
    Omit<DetectionRouteParts, 'nowMs'> {
  status: HttpStatus;
  board: HealthBoard;
}

export function analysisRoutes(app: HttpApp, { status, board, ...parts }: AnalysisRoutesParts): void {
  const { store, nowMs } = status;
  threatHealthRoute(app, { status, board });
  detectionRoute(app, { ...parts, nowMs });
  behaviourRoute(app, { ...parts, store, nowMs });
  networkRoute(app, { ...parts, store, nowMs });
  correlationRoute(app, { store, nowMs });
}
