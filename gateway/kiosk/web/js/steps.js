// Every step's page: `name` (another name is another page), `content` (what makes it be drawn again), `draw`.

import * as ask from "./steps/ask.js";
import * as choose from "./steps/choose.js";
import * as cleared from "./steps/cleared.js";
import * as identify from "./steps/identify.js";
import * as idle from "./steps/idle.js";
import * as measure from "./steps/measure.js";
import * as rest from "./steps/rest.js";
import * as result from "./steps/result.js";
import * as slip from "./steps/slip.js";

export const steps = { idle, identify, choose, ask, rest, measure, result, slip, cleared };
