// Made from openapi.json by `npm run api`; not edited by hand.

export interface paths {
    "/agent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own agent as he is now. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Agent"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agent/offer/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Declines the call that rings. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agent/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets one's presence, or the next one while one is busy. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PresenceChange"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agent/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins to work at a seat with phones; one is not ready then. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AgentSignIn"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agent/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends one's work. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agent/wrapup/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends one's wrap-up before its time. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every agent as he is now. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AgentList"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets another agent's presence. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PresenceChange"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends another agent's work. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}/wrapup/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends another agent's wrap-up. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alarms: the open ones, or all. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description Only those that are open. */
                    open?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AlarmList"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/alarms/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes notice of an alarm. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Calls, newest first, numbers masked. */
        get: {
            parameters: {
                query?: {
                    /** @description `me` or an agent's id. */
                    agent?: string;
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description `today` or YYYY-MM-DD. */
                    day?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description An outcome's code. */
                    outcome?: string;
                    /** @description A queue's id. */
                    queue?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CallPage"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One call whole, the number masked. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CallDetail"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls/{id}/hangup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a call in progress. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls/{id}/reveal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The caller's number in clear; written to the trail first. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RevealedNumber"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Calls of a number, newest first. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CallSearch"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CallPage"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profile/public": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Names for the screens: queues, lines, reasons, skills, desks, phones, event types and regions. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProfileNames"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Published profiles, newest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PublishedProfileList"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profiles/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the newest published profile the active one; calls and presence go on. Secrets of new phones are told here alone. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ActivatedProfile"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every queue as it is now. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["QueueList"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recordings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Recordings, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description `today` or YYYY-MM-DD. */
                    day?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingPage"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recordings/{id}/audio": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A recording as WAV: left the citizen, right what he heard. Honours one `Range`. */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description bytes=FIRST-LAST */
                    Range?: string | null;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "audio/wav": number[];
                    };
                };
                206: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "audio/wav": number[];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who one is, and what one may do. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Signs in and sets the session's cookie. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Signs out and takes the cookie away. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets one's own password; every other session of the account ends. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasswordChange"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/statistics/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures of every queue on a day. */
        get: {
            parameters: {
                query?: {
                    /** @description `today` or YYYY-MM-DD; today when nothing is said. */
                    day?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["QueueFiguresList"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Opens the live stream. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description the WebSocket described in docs/API.md */
                101: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Work orders, newest first, without personal fields. */
        get: {
            parameters: {
                query?: {
                    /** @description `me` or an agent's id. */
                    agent?: string;
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description `today` or YYYY-MM-DD. */
                    day?: string;
                    /** @description The order of this call; the others do not narrow then. */
                    interaction?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description A whole order number. */
                    number?: string;
                    /** @description `draft` or `pending_dispatch`. */
                    state?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TicketPage"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tickets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One order; its `ETag` is the version that a change must name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Ticket"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Saves fields of a draft. */
        put: {
            parameters: {
                query?: never;
                header: {
                    /** @description the version read before, quoted */
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DraftFields"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Ticket"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tickets/{id}/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Submits a draft for dispatch. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description the same key again gives the same answer */
                    "Idempotency-Key"?: string | null;
                    /** @description the version read before, quoted */
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Ticket"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every account. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserList"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Makes an account without roles. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewUser"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets somebody's password, lifts a lock and ends his sessions. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    user: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPassword"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user}/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives and takes roles. */
        put: {
            parameters: {
                query?: never;
                header: {
                    /** @description the version read before, quoted */
                    "If-Match": string;
                };
                path: {
                    user: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RoleChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Opens or closes an account; closing ends its sessions. */
        put: {
            parameters: {
                query?: never;
                header: {
                    /** @description the version read before, quoted */
                    "If-Match": string;
                };
                path: {
                    user: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["StateChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description the request was refused */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The profile that became the active one. */
        ActivatedProfile: {
            /** @description Phones that had no secret before. */
            new_devices: components["schemas"]["NewDevice"][];
            /** @description Hex SHA-256 of the document. */
            sha256: string;
            /**
             * Format: int64
             * @description Its version.
             */
            version: number;
        };
        /** @description An agent as he is now. */
        Agent: {
            /** @description 工号. */
            agent: string;
            /** @description His phones. */
            devices: components["schemas"]["AgentDevice"][];
            /** @description The call he is reserved for, talks in or wraps up. */
            interaction: string | null;
            /** @description 姓名. */
            name: string;
            next: components["schemas"]["Presence"] | null;
            /** @description What he does: `idle`, `reserved`, `ringing`, `talking`, `holding`, `wrapup`. */
            occupancy: string;
            /** @description What he chose. */
            presence: components["schemas"]["Presence"];
            /** @description Where he sits. */
            seat: string | null;
            /** @description Since when both are so. */
            since: components["schemas"]["Instant"];
            wrapup_until: components["schemas"]["Instant"] | null;
        };
        /** @description A phone of an agent. */
        AgentDevice: {
            /** @description Its id. */
            device: string;
            /** @description Whether it can be reached. */
            registered: boolean;
        };
        /** @description Agents. */
        AgentList: {
            /** @description By 工号. */
            items: components["schemas"]["Agent"][];
        };
        /** @description Where an agent begins to work. */
        AgentSignIn: {
            /** @description Phones that shall ring; empty for those of the profile. */
            devices?: string[];
            /** @description The seat. */
            seat?: string | null;
        };
        /** @description An alarm. */
        Alarm: {
            acknowledged_at: components["schemas"]["Instant"] | null;
            /** @description Who did. */
            acknowledged_by: string | null;
            /** @description Its id. */
            alarm: string;
            cleared_at: components["schemas"]["Instant"] | null;
            /** @description Its stable code, as `journal-full`. */
            code: string;
            /** @description What it is about; empty for the program. */
            object: string;
            /** @description When it was raised. */
            raised_at: components["schemas"]["Instant"];
            /** @description `info`, `warning`, `critical`. */
            severity: string;
            /** @description The code in Chinese. */
            title: string;
        };
        /** @description Alarms. */
        AlarmList: {
            /** @description Open ones oldest first; all of them newest first. */
            items: components["schemas"]["Alarm"][];
        };
        /** @description A call record. */
        Call: {
            /** @description Who answered. */
            agent: string | null;
            agent_answered_at: components["schemas"]["Instant"] | null;
            /** @description 姓名. */
            agent_name: string;
            answered_at: components["schemas"]["Instant"] | null;
            /** @description Who called, masked; empty when it was erased. */
            caller: string;
            ended_at: components["schemas"]["Instant"] | null;
            /** @description Who or what ended it. */
            ended_by: string | null;
            /**
             * Format: int64
             * @description Time on hold.
             */
            hold_ms: number;
            /** @description Its id. */
            interaction: string;
            /** @description The dialled line. */
            line: string | null;
            /** @description 线路名. */
            line_name: string;
            /** @description When it came in. */
            offered_at: components["schemas"]["Instant"];
            /**
             * @description What became of it; absent while it goes on: `answered`, `abandoned`, `short_abandoned`, `ended_in_ivr`,
             *     `cancelled`, `refused`, `failed`.
             */
            outcome: string | null;
            /** @description The last queue. */
            queue: string | null;
            /** @description 队列名. */
            queue_name: string;
            queued_at: components["schemas"]["Instant"] | null;
            /** @description Its recording. */
            recording: string | null;
            /** @description Why it was refused. */
            refusal: string | null;
            /**
             * Format: int64
             * @description Time with the agent, holds left out.
             */
            talk_ms: number;
            ticket: components["schemas"]["TicketRef"] | null;
            /**
             * Format: int64
             * @description Time in queues.
             */
            wait_ms: number;
            /**
             * Format: int64
             * @description Wrap-up after it.
             */
            wrapup_ms: number;
        };
        /** @description A call whole. */
        CallDetail: {
            /** @description The record. */
            call: components["schemas"]["Call"];
            /** @description Menu choices, in order. */
            choices: components["schemas"]["Choice"][];
            /** @description The flow that ran. */
            flow: string | null;
            notice: components["schemas"]["Notice"] | null;
            /** @description Attempts to give it to agents, in order. */
            offers: components["schemas"]["Offer"][];
            /** @description The caller's time, without gap. */
            segments: components["schemas"]["Segment"][];
            /**
             * Format: int32
             * @description The SIP status that was seen or sent.
             */
            status: number | null;
            /** @description The trunk it came by. */
            trunk: string | null;
        };
        /** @description A page of calls. */
        CallPage: {
            /** @description Newest first. */
            items: components["schemas"]["Call"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description A search by number. It stands in the body, since addresses are kept by browsers and proxies. */
        CallSearch: {
            /** @description `next` of the page before. */
            cursor?: string | null;
            /** @description Its last four digits. */
            last4?: string | null;
            /** @description A whole number in any usual form. */
            number?: string | null;
        };
        /** @description A choice in a menu. */
        Choice: {
            /** @description The key; empty when none came in time. */
            choice: string;
            /** @description The node that asked. */
            node: string;
        };
        /** @description A phone. */
        Device: {
            /** @description The number it has inside. */
            extension: string | null;
            /** @description Its id. */
            id: string;
        };
        /** @description What the form says: a field that is left out stays, an empty text clears. */
        DraftFields: {
            /**
             * @description 详细地址, at most 200 characters.
             * @default null
             */
            address: string | null;
            /**
             * @description 诉求类别.
             * @default null
             */
            appeal_type: string | null;
            /**
             * @description 诉求人类别.
             * @default null
             */
            appellant_kind: string | null;
            /**
             * @description 事件类型: a code of the tree.
             * @default null
             */
            category: string | null;
            /**
             * @description Another number to call back, at most 32 characters.
             * @default null
             */
            contact_phone: string | null;
            /**
             * @description 诉求内容, at most 4 000 characters.
             * @default null
             */
            content: string | null;
            /**
             * @description 诉求人姓名或称呼, at most 50 characters.
             * @default null
             */
            name: string | null;
            /**
             * @description `none` (无地点), `at`, or empty.
             * @default null
             */
            place: string | null;
            /**
             * @description 区域: a code of the tree; setting it makes the place `at`.
             * @default null
             */
            region: string | null;
            /**
             * @description 紧急程度.
             * @default null
             */
            urgency: string | null;
        };
        /** @description A node of a tree of codes. */
        Entry: {
            /** @description What stands below it. */
            children: components["schemas"]["Entry"][];
            /** @description Its code. */
            code: string;
            /** @description Its Chinese name. */
            name: string;
        };
        /**
         * Format: date-time
         * @description RFC 3339 in UTC with microseconds.
         */
        Instant: string;
        /** @description A line's names. */
        LineNames: {
            /** @description Its id. */
            id: string;
            /** @description 线路名. */
            name: string;
            /** @description The number that is dialled. */
            number: string;
        };
        /** @description An id with its Chinese name. */
        Named: {
            /** @description The id. */
            id: string;
            /** @description The name. */
            name: string;
        };
        /** @description A phone that has got a secret. */
        NewDevice: {
            /** @description Its id. */
            device: string;
            /**
             * Format: password
             * @description Its secret, told this once.
             */
            secret: string;
            /** @description Its user name. */
            user: string;
        };
        /** @description A new password for somebody. */
        NewPassword: {
            /**
             * Format: password
             * @description The password.
             */
            password: string;
        };
        /** @description A new account. */
        NewUser: {
            /** @description The agent he works as. */
            agent?: string | null;
            /** @description 姓名, at most 50 characters. */
            name: string;
            /** @description The organ, as `tangshan/lunan`. */
            organ: string;
            /**
             * Format: password
             * @description The first password.
             */
            password: string;
            /** @description Its name at sign-in: 1 to 40 of a-z, 0-9 and `-`. */
            user: string;
        };
        /** @description The notice of recording. */
        Notice: {
            /**
             * Format: int64
             * @description How much of it.
             */
            played_ms: number;
            /** @description The prompt. */
            prompt: string;
            /** @description Whether it was heard to its end. */
            whole: boolean;
        };
        /** @description An attempt to give a call to an agent. */
        Offer: {
            /** @description To whom. */
            agent: string;
            /**
             * Format: int64
             * @description How long it rang.
             */
            lasted_ms: number;
            /** @description Its id. */
            offer: string;
            /** @description When. */
            offered_at: components["schemas"]["Instant"];
            /** @description How it ended: `accepted`, `rejected`, `no_answer`, `failed`, `cancelled`, `preempted`, `lost_race`, `expired`. */
            outcome: string | null;
            /** @description From which queue. */
            queue: string;
        };
        /** @description A new password for oneself. */
        PasswordChange: {
            /**
             * Format: password
             * @description The new one.
             */
            new: string;
            /**
             * Format: password
             * @description The present one.
             */
            old: string;
        };
        /** @description What an agent chose to be. */
        Presence: {
            /** @description Why he is not ready: an id of the profile's reasons. */
            reason: string | null;
            /** @description `offline`, `ready` or `not_ready`. */
            state: string;
        };
        /** @description What an agent wants to be. */
        PresenceChange: {
            /** @description Why not ready: an id of the profile's reasons. */
            reason?: string | null;
            /** @description `ready` or `not_ready`. */
            state: string;
        };
        /** @description A refused request. */
        Problem: {
            /** @description The clause of the standard behind the refusal. */
            clause: string | null;
            /** @description For programs, stable. */
            code: string;
            /** @description More words, for programmers. */
            detail: string | null;
            /** @description The field at fault, or the first of them. */
            field: string | null;
            /** @description Every field at fault. */
            fields: string[];
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description For people, Chinese. */
            title: string;
            /** @description Names the sort of problem: `urn:rexian:problem:CODE`. */
            type: string;
        };
        /** @description What screens need to show names for ids. */
        ProfileNames: {
            /** @description 事件类型. */
            categories: components["schemas"]["Tree"];
            /** @description Phones. */
            devices: components["schemas"]["Device"][];
            /** @description Lines. */
            lines: components["schemas"]["LineNames"][];
            /** @description Queues. */
            queues: components["schemas"]["QueueNames"][];
            /** @description Reasons for being not ready. */
            reasons: components["schemas"]["Named"][];
            /** @description 区域. */
            regions: components["schemas"]["Tree"];
            /** @description Desks. */
            seats: components["schemas"]["Seat"][];
            /** @description The city. */
            site: components["schemas"]["Site"];
            /** @description Skills. */
            skills: components["schemas"]["Named"][];
            /**
             * Format: int64
             * @description The active profile's version.
             */
            version: number;
        };
        /** @description A published profile. */
        PublishedProfile: {
            /** @description Whether it is the active one. */
            active: boolean;
            /** @description When. */
            published_at: components["schemas"]["Instant"];
            /** @description By whom. */
            published_by: string;
            /** @description Hex SHA-256 of the document. */
            sha256: string;
            /**
             * Format: int64
             * @description 1, 2, 3 …
             */
            version: number;
        };
        /** @description Published profiles. */
        PublishedProfileList: {
            /** @description Newest first. */
            items: components["schemas"]["PublishedProfile"][];
        };
        /** @description A queue as it is now. */
        Queue: {
            /** @description 队列名. */
            name: string;
            oldest_since: components["schemas"]["Instant"] | null;
            /** @description Its id. */
            queue: string;
            /**
             * Format: int32
             * @description Members that could take a call now.
             */
            ready: number;
            /**
             * Format: int32
             * @description Members signed in.
             */
            signed_in: number;
            /**
             * Format: int32
             * @description Callers waiting.
             */
            waiting: number;
        };
        /** @description What happened in a queue on a day; calls count for the day they entered the queue. */
        QueueFigures: {
            /**
             * Format: int64
             * @description Hung up while waiting, short ones left out.
             */
            abandoned: number;
            /**
             * Format: int64
             * @description Waiting of those who hung up.
             */
            abandoned_wait_ms: number;
            /**
             * Format: int64
             * @description Answered by an agent.
             */
            answered: number;
            /**
             * Format: int64
             * @description Answered within 15 seconds.
             */
            answered_15s: number;
            /**
             * Format: int64
             * @description Answered within 20 seconds.
             */
            answered_20s: number;
            /**
             * Format: int64
             * @description Waiting of those answered, all together.
             */
            answered_wait_ms: number;
            /**
             * Format: int64
             * @description Hold.
             */
            hold_ms: number;
            /** @description 队列名. */
            name: string;
            /**
             * Format: int64
             * @description Offers nobody picked up.
             */
            no_answers: number;
            /**
             * Format: int64
             * @description Calls that entered.
             */
            offered: number;
            /** @description Its id. */
            queue: string;
            /**
             * Format: int64
             * @description Hung up at once.
             */
            short_abandoned: number;
            /**
             * Format: int64
             * @description Talk.
             */
            talk_ms: number;
            /**
             * Format: int64
             * @description The longest wait.
             */
            wait_max_ms: number;
            /**
             * Format: int64
             * @description Wrap-up.
             */
            wrapup_ms: number;
        };
        /** @description Figures of queues. */
        QueueFiguresList: {
            /** @description By queue. */
            items: components["schemas"]["QueueFigures"][];
        };
        /** @description Queues. */
        QueueList: {
            /** @description By id. */
            items: components["schemas"]["Queue"][];
        };
        /** @description A queue's names. */
        QueueNames: {
            /** @description Its id. */
            id: string;
            /** @description `general` or `expert`. */
            kind: string;
            /** @description 队列名. */
            name: string;
        };
        /** @description A recording. */
        Recording: {
            /**
             * Format: int64
             * @description Its size on disk.
             */
            bytes: number | null;
            closed_at: components["schemas"]["Instant"] | null;
            /** @description The last hash of its chain. */
            digest: string | null;
            /**
             * Format: int64
             * @description Its length.
             */
            duration_ms: number | null;
            /** @description Why it failed. */
            error: string | null;
            /**
             * Format: int64
             * @description How much is missing.
             */
            gap_ms: number | null;
            /** @description The call. */
            interaction: string | null;
            /** @description When it began. */
            opened_at: components["schemas"]["Instant"];
            /** @description Its id. */
            recording: string;
            /** @description Whether a restart closed it. */
            recovered: boolean;
            /** @description `open`, `stored`, `failed`. */
            state: string;
        };
        /** @description A page of recordings. */
        RecordingPage: {
            /** @description Newest first. */
            items: components["schemas"]["Recording"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description A caller's number in clear. */
        RevealedNumber: {
            /** @description The number. */
            number: string;
        };
        /** @description The roles of an account. */
        RoleChange: {
            /** @description All of them, by code. */
            roles: string[];
        };
        /** @description A desk. */
        Seat: {
            /** @description Its fixed phone. */
            device: string | null;
            /** @description Its id. */
            id: string;
            /** @description Room. */
            room: string;
            /** @description Row. */
            row: string;
        };
        /** @description An interval of a call. */
        Segment: {
            /** @description The agent. */
            agent: string | null;
            /** @description Where it begins. */
            from: components["schemas"]["Instant"];
            /** @description `setup`, `ivr`, `queue`, `talk`, `hold`. */
            kind: string;
            /**
             * Format: int64
             * @description Its length.
             */
            lasted_ms: number;
            /** @description The queue. */
            queue: string | null;
            /** @description Where it ends and the next begins. */
            to: components["schemas"]["Instant"];
        };
        /** @description Who one is. */
        Session: {
            /** @description The agent he works as. */
            agent: string | null;
            /** @description When the session ends unless it is used. */
            expires_at: components["schemas"]["Instant"];
            /** @description 姓名. */
            name: string;
            /** @description The organ he works for, as `tangshan/lunan`. */
            organ: string;
            /** @description Verbs that one of his roles grants. */
            permissions: string[];
            /** @description Role codes. */
            roles: string[];
            /** @description Now. */
            server_time: components["schemas"]["Instant"];
            /** @description The account's name. */
            user: string;
        };
        /** @description A sign-in. */
        SignIn: {
            /**
             * Format: password
             * @description Its password.
             */
            password: string;
            /** @description The account's name. */
            user: string;
        };
        /** @description The city. */
        Site: {
            /** @description Its short name. */
            id: string;
            /** @description 城市名. */
            name: string;
            /** @description IANA time zone. */
            time_zone: string;
        };
        /** @description Whether an account may be used. */
        StateChange: {
            /** @description `active` or `disabled`. */
            state: string;
        };
        /** @description A work order. */
        Ticket: {
            /** @description 详细地址; empty in lists. */
            address: string;
            /** @description Who writes it. */
            agent: string;
            /** @description 姓名. */
            agent_name: string;
            /** @description 诉求类别: `consult`, `help`, `complaint`, `report`, `praise`, `suggestion`. */
            appeal_type: string | null;
            /** @description 诉求人类别: `person`, `legal_person`, `organization`. */
            appellant_kind: string | null;
            /** @description Who called; empty in lists and when it was withheld or erased. */
            caller: string;
            /** @description Whether the number is in clear. */
            caller_clear: boolean;
            /** @description 事件类型: a code of the tree. */
            category: string;
            /** @description Its names from the top down, `/` between them. */
            category_path: string;
            /**
             * Format: int64
             * @description The version of the tree it was chosen from.
             */
            category_version: number;
            /** @description Another number to call back; empty in lists. */
            contact_phone: string;
            /** @description 诉求内容; empty in lists. */
            content: string;
            /** @description When it was opened. */
            created_at: components["schemas"]["Instant"];
            /** @description Its id. */
            id: string;
            /** @description The call it was opened by. */
            interaction: string;
            /** @description The dialled line. */
            line: string | null;
            /** @description 线路名. */
            line_name: string;
            /** @description 诉求人姓名或称呼; empty in lists. */
            name: string;
            /** @description 工单编号, `YYYYMMDD` and six digits. */
            number: string;
            /** @description 地点: `none` (无地点), `at`, or absent while nothing is said. */
            place: string | null;
            /** @description The queue of the call. */
            queue: string;
            /** @description 队列名. */
            queue_name: string;
            /** @description The recording of the call. */
            recording: string | null;
            /** @description 区域: a code of the tree. */
            region: string;
            /** @description Its names from the top down. */
            region_path: string;
            /** @description `draft` or `pending_dispatch`. */
            state: string;
            submitted_at: components["schemas"]["Instant"] | null;
            /** @description When it last changed. */
            updated_at: components["schemas"]["Instant"];
            /** @description 紧急程度: `normal`, `urgent`, `critical`. */
            urgency: string | null;
            /**
             * Format: int64
             * @description The row's version, for `If-Match`.
             */
            version: number;
        };
        /** @description A page of work orders. */
        TicketPage: {
            /** @description Newest first, personal fields empty. */
            items: components["schemas"]["Ticket"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description A work order's id and number. */
        TicketRef: {
            /** @description Its id. */
            id: string;
            /** @description 工单编号. */
            number: string;
        };
        /** @description A tree of codes. */
        Tree: {
            /** @description Its topmost nodes. */
            tree: components["schemas"]["Entry"][];
            /**
             * Format: int64
             * @description Its version.
             */
            version: number;
        };
        /** @description An account. */
        User: {
            /** @description The agent he works as. */
            agent: string | null;
            /** @description When it was made. */
            created_at: components["schemas"]["Instant"];
            locked_until: components["schemas"]["Instant"] | null;
            /** @description 姓名. */
            name: string;
            /** @description The organ. */
            organ: string;
            /** @description Role codes. */
            roles: string[];
            /** @description `active` or `disabled`. */
            state: string;
            /** @description Its name at sign-in. */
            user: string;
            /**
             * Format: int64
             * @description The row's version, for `If-Match`.
             */
            version: number;
        };
        /** @description Accounts. */
        UserList: {
            /** @description By name. */
            items: components["schemas"]["User"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
