// Made from openapi.json by `npm run api`; not edited by hand.

export interface paths {
    "/account-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Requests that the reader's organ asked, or that are for it or an organ below it. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description `open`, `approved`, `refused`, `done`. */
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
                        "application/json": components["schemas"]["AccountRequestPage"];
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
        /** Asks for an account, for other rights, for one opened again or closed. What only takes away takes effect at once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AskAccount"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccountRequest"];
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
    "/account-requests/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approves a request: it takes effect. Of an account that is new or opened again the first password is told once. */
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
                        "application/json": components["schemas"]["AccountRequest"];
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
    "/account-requests/{id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuses a request: the account stays as it is. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RefuseAccount"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AccountRequest"];
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
    "/archives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The catalogue, by number. */
        get: {
            parameters: {
                query?: {
                    /** @description The event type, or the beginning of its code. */
                    category?: string;
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Only those that the last check found damaged. */
                    damaged?: boolean;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description A whole order number. */
                    number?: string;
                    /** @description The region, or the beginning of its code. */
                    region?: string;
                    /** @description The unit. */
                    unit?: string;
                    /** @description The year, four digits. */
                    year?: string;
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
                        "application/json": components["schemas"]["ArchivePage"];
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
    "/archives/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One archive: its parts, and whether it is whole. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
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
                        "application/json": components["schemas"]["ArchiveCheck"];
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
    "/archives/{number}/consultations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who consulted an archive, and when. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
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
                        "application/json": components["schemas"]["Consultations"];
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
    "/archives/{number}/parts/{part}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A part of an archive in clear, as `order.json` or `order.pdf`; written to the trail first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
                    part: string;
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
                        "application/octet-stream": number[];
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
    "/archives/{number}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reads every file of an archive again, and compares its manifest with the order's fact in the chain. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
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
                        "application/json": components["schemas"]["ArchiveCheck"];
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
    "/archives/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Archives of a number, of its last digits, or with words in them. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ArchiveSearch"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ArchivePage"];
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
    "/article-updates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Requests for updates: of the reader's own organ, or all for the hotline organ. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description Only those that are not done. */
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
                        "application/json": components["schemas"]["ArticleUpdatePage"];
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
        /** Asks an organ to bring an article up to date, or to write one. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AskUpdate"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ArticleUpdate"];
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
    "/articles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Articles, those that changed last first, without their text. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description 责任单位. */
                    owner?: string;
                    /** @description Where the newest version stands. */
                    state?: string;
                    /** @description Letters of the title. */
                    title?: string;
                    /** @description Only versions an answer of today may rest on. */
                    valid?: boolean;
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
                        "application/json": components["schemas"]["ArticlePage"];
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
        /** Writes a new article as a draft. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ArticleWords"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Article"];
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
    "/articles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An article with all its versions; the `ETag` is the revision of the newest. */
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
                        "application/json": components["schemas"]["ArticleVersions"];
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
        /** Writes the draft of an article again, or begins its next version. */
        put: {
            parameters: {
                query?: never;
                header: {
                    /** @description the revision read before, quoted */
                    "If-Match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ArticleWords"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Article"];
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
    "/articles/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Publishes the draft of an article; whoever wrote it may not. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description the revision read before, quoted */
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
                        "application/json": components["schemas"]["Article"];
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
    "/articles/{id}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes an article out of use. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description the revision read before, quoted */
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
                        "application/json": components["schemas"]["Article"];
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
    "/callers/{interaction}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller of a call asked for before: his last orders and those that are open. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    interaction: string;
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
                        "application/json": components["schemas"]["CallerHistory"];
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
                    /** @description What answered calls became, as `/calls/reconciliation` counts them. */
                    became?: string;
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
    "/calls/missed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Citizens who called on a day and reached nobody, numbers masked. */
        get: {
            parameters: {
                query?: {
                    /** @description `today` or YYYY-MM-DD; today when nothing is said. */
                    day?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description `open`, `served` or `all`; open when nothing is said. */
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
                        "application/json": components["schemas"]["MissedCalls"];
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
    "/calls/missed/{id}/call": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Calls a citizen back who reached nobody: one's own phone rings first, then his. */
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
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CallMade"];
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
    "/calls/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What became of a day's answered calls. */
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
                        "application/json": components["schemas"]["Reconciliation"];
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
    "/calls/undisposed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Answered calls that became nothing, newest first, numbers masked; their draft, when there is one, is their order. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
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
    "/case-proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What should become a case: ten appellants of one event type in one place in a week, reworks without effect, 督办 that
         *     nobody answered. A person decides.
         */
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
                        "application/json": components["schemas"]["CaseProposals"];
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
    "/cases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Cases, the newest first: those of the reader's organ that were taken, or all for the city's organ and the inspection
         *     department.
         */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description Where they stand. */
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
                        "application/json": components["schemas"]["CasePage"];
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
        /** Hands orders to the inspection department as one case; the same key again gives the same case. */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description the same key again gives the same case */
                    "Idempotency-Key"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SubmitCase"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KeyCase"];
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
    "/cases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One case; its `ETag` is the version that a command must name. */
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
                        "application/json": components["schemas"]["KeyCase"];
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
    "/cases/{id}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a command to a case and returns it as it is then. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description the same key again does nothing again */
                    "Idempotency-Key"?: string | null;
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
                    "application/json": components["schemas"]["CaseCommand"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KeyCase"];
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
    "/conformance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the standard was kept in a period, clause by clause. */
        get: {
            parameters: {
                query?: {
                    /** @description First day, YYYY-MM-DD; today when nothing is said. */
                    from?: string;
                    /** @description Last day, YYYY-MM-DD; today when nothing is said. */
                    to?: string;
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
                        "application/json": components["schemas"]["ConformanceReport"];
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
    "/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Exports by people of the reader's organ and of those below it. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
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
                        "application/json": components["schemas"]["ExportPage"];
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
    "/outbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Messages that leave the house, recipients masked. */
        get: {
            parameters: {
                query?: {
                    /** @description Where the page before ended. */
                    cursor?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description Only those in this state, as `dead`. */
                    state?: string;
                    /** @description Only those of this order. */
                    ticket?: string;
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
                        "application/json": components["schemas"]["OutboxPage"];
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
    "/outbox/{id}/requeue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts a message that was given up back into the queue. */
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
    "/public/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds something to an appeal. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublicWords"];
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
    "/public/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** How an appeal stands. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublicQuery"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PublicTicket"];
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
    "/public/urge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks for haste. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublicWords"];
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
    "/ratios": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ratios of a period, counted now. */
        get: {
            parameters: {
                query?: {
                    /** @description Only the five rates (五率) of the settings. */
                    five?: boolean;
                    /** @description First day, YYYY-MM-DD; today when nothing is said. */
                    from?: string;
                    /** @description Which unit (with those below it), agent or queue; all that the reader reaches when nothing is said. */
                    key?: string;
                    /** @description `city`, `unit`, `agent`, `queue`; what the reader's organ is when nothing is said. */
                    level?: string;
                    /** @description Last day, YYYY-MM-DD; today when nothing is said. */
                    to?: string;
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
                        "application/json": components["schemas"]["Ratios"];
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
    "/ratios/{id}/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The orders or calls that a ratio counts, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description First day, YYYY-MM-DD; today when nothing is said. */
                    from?: string;
                    /** @description As with the ratios. */
                    key?: string;
                    /** @description As with the ratios. */
                    level?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description Last day, YYYY-MM-DD; today when nothing is said. */
                    to?: string;
                    /** @description `numerator`, `denominator`, `missing`, `excluded`; the denominator when nothing is said. */
                    which?: string;
                };
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
                        "application/json": components["schemas"]["BehindRatioPage"];
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
    "/reference/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A document of reference data: the one that counts, or an earlier version of it. */
        get: {
            parameters: {
                query?: {
                    /** @description `json` or `csv`. */
                    format?: string;
                    /** @description The version; the newest when none is given. */
                    version?: number;
                };
                header?: never;
                path: {
                    kind: string;
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
                        "application/json": components["schemas"]["ReferenceDocument"];
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
        /** Publishes a document as the next version: JSON, or a table as `text/csv`. The same content again changes nothing. */
        put: {
            parameters: {
                query?: never;
                header: {
                    /** @description the version read before, quoted */
                    "If-Match": string;
                };
                path: {
                    kind: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReferencePublication"];
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
    "/reference/{kind}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of a kind, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Versions below this one. */
                    before?: number;
                };
                header?: never;
                path: {
                    kind: string;
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
                        "application/json": components["schemas"]["ReferenceHistory"];
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
    "/rule-proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Proposed rules, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description Only those that are not decided. */
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
                        "application/json": components["schemas"]["RuleProposalPage"];
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
    "/rule-proposals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Publishes the rules with this one in them; who fixed the responsibility may not. */
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
                        "application/json": components["schemas"]["RuleProposal"];
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
    "/rule-proposals/{id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuses a proposed rule. */
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
                        "application/json": components["schemas"]["RuleProposal"];
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
    "/session/commitment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The secrecy commitment in force. */
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
                        "application/json": components["schemas"]["Commitment"];
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
        /** Signs the secrecy commitment; signing it again changes nothing. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignCommitment"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Commitment"];
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
                    /** @description 事件类型: a code; those below it count. */
                    category?: string;
                    /** @description The channel, as `phone`. */
                    channel?: string;
                    /** @description Only confidential ones, or only others. */
                    confidential?: boolean;
                    /** @description `next` of the page before. */
                    cursor?: string;
                    /** @description `today` or YYYY-MM-DD. */
                    day?: string;
                    /** @description `near` (within one working day) or `overdue`. */
                    due?: string;
                    /** @description A flag. */
                    flag?: string;
                    /** @description First day, YYYY-MM-DD. */
                    from?: string;
                    /** @description `me`, or an organ that handles it now. */
                    handler?: string;
                    /** @description The orders of this call; the others do not narrow then. */
                    interaction?: string;
                    /** @description 诉求类别. */
                    kind?: string;
                    /** @description Rows, 1 to 500; 100 when nothing is said. */
                    limit?: number;
                    /** @description A whole order number. */
                    number?: string;
                    /** @description 区域: a code; those below it count. */
                    region?: string;
                    /** @description States, with commas between them. */
                    state?: string;
                    /** @description Last day, YYYY-MM-DD. */
                    to?: string;
                    /** @description An organ that has the order or a part of it, with those below it. */
                    unit?: string;
                    /** @description 紧急程度. */
                    urgency?: string;
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
        /** Takes down an appeal that came by another way than a call; the same channel and number again gives the same order. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReceivedAppeal"];
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
    "/tickets/{id}/call": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Calls the appellant: one's own phone rings first, then his. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CallRequest"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CallMade"];
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
    "/tickets/{id}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a command to an order and returns the order as it is then. */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description the same key again does nothing again */
                    "Idempotency-Key"?: string | null;
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
                    "application/json": components["schemas"]["Command"];
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
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tickets/{id}/dossier": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The order with its five blocks of 3.4 and every event; written to the trail first. */
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
                        "application/json": Record<string, never>;
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
    "/tickets/{id}/dossier.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same on paper. */
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
                        "application/pdf": number[];
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
    "/tickets/{id}/duplicates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Orders that an order may repeat. */
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
                        "application/json": components["schemas"]["LikeTickets"];
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
    "/tickets/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Uploads a file to an order: the body is its bytes. A command then says what it is for. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/octet-stream": number[];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TicketFile"];
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
    "/tickets/{id}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives a file of an order. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    file: string;
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
                        "application/octet-stream": number[];
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
    "/tickets/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The facts of an order, oldest first. */
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
                        "application/json": components["schemas"]["TicketHistory"];
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
    "/tickets/{id}/matters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens an order for another matter of the same call. */
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
    "/tickets/{id}/reveal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Numbers of an order in clear; written to the trail first. */
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
                        "application/json": components["schemas"]["RevealedTicket"];
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
    "/tickets/{id}/route": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the rules of today would send the order first; a dispatcher decides. */
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
                        "application/json": components["schemas"]["RouteProposal"];
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
    "/tickets/duplicates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Orders that an appeal may repeat, while it is being written down. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TypedAppeal"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LikeTickets"];
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
    "/tickets/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes work orders out as a table; what it was for is kept. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TicketExport"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/csv": number[];
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
    "/tickets/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the words of an appeal lead to, where the site has it switched on (setting `proposals.on`). */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ProposalRequest"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Proposals"];
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
    "/tickets/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Work orders of a number, of its last digits, or with words in them. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TicketSearch"];
                };
            };
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
        /** Accounts of the reader's organ and of those below it. */
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
        /** Makes an account without roles, while the city's organ has no security officer; afterwards it is asked for. */
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
        /** Takes roles away; what gives rights is asked for. */
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
        /** Closes an account and ends its sessions; that it is opened again is asked for. */
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
        /** @description A request. */
        AccountRequest: {
            /** @description What was said to it. */
            answer: string | null;
            /** @description The organ that decides. */
            approver: string | null;
            /** @description When. */
            asked_at: components["schemas"]["Instant"];
            /** @description Who asked. */
            asked_by: string;
            /** @description The organ that asked, as `hotline/ln`. */
            asking_organ: string;
            before: components["schemas"]["AccountRights"] | null;
            /** @description The clause that says so. */
            clause: string;
            decided_at: components["schemas"]["Instant"] | null;
            /** @description Who decided. */
            decided_by: string | null;
            /** @description Its id. */
            id: string;
            /** @description `open`, `change`, `reopen`, `close`. */
            kind: string;
            /** @description 姓名, of a new account. */
            name: string | null;
            /**
             * Format: password
             * @description The first password; told once, to who approves.
             */
            password: string | null;
            /** @description Why. */
            reason: string;
            rights: components["schemas"]["AccountRights"] | null;
            /** @description `open`, `approved`, `refused`, `done` (took effect at once). */
            state: string;
            /** @description Whose account. */
            user: string;
        };
        /** @description Requests. */
        AccountRequestPage: {
            /** @description Newest first. */
            items: components["schemas"]["AccountRequest"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description What an account is to be allowed. */
        AccountRights: {
            /** @description The agent. */
            agent: string | null;
            /** @description The organ. */
            organ: string;
            /** @description Role codes. */
            roles: string[];
        };
        /** @description The duty office says that it knows. Source: 7.2 a. */
        AcknowledgeDuty: {
            /** @description Who at the duty office. */
            name: components["schemas"]["Text"];
        };
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
        /** @description The appellant adds something. Source: 7.1.2. */
        AddFacts: {
            /** @description Who brought it. */
            by: components["schemas"]["UrgedBy"];
            /** @description What. */
            text: components["schemas"]["Text"];
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
        /** @description Answers at once. Source: 7.1.4. */
        Answer: {
            article: components["schemas"]["ArticleRef"] | null;
            /** @description What the answer rests on. */
            basis: components["schemas"]["AnswerBasis"];
            /** @description With `transfer`: the three-way call or transfer. */
            call: string | null;
            /** @description With `master`: the order it repeats. */
            master: string | null;
            /** @description What the appellant was told, 2 to 4 000 characters. */
            reply: components["schemas"]["Text"];
        };
        /** @enum {string} */
        AnswerBasis: "article" | "transfer" | "master";
        /** @enum {string} */
        AppealType: "consult" | "help" | "complaint" | "report" | "praise" | "suggestion";
        /** @description Fixes the first unit. Source: B.1. */
        Arbitrate: {
            /** @description The decision. */
            decision: components["schemas"]["Text"];
            /** @description What it rests on. */
            legal_basis: components["schemas"]["Text"];
            /** @description The minutes. */
            minutes: components["schemas"]["Text"];
            /** @description Secondary. */
            secondary: string[];
            /** @description Primary. */
            unit: string;
        };
        /** @description An archive in the catalogue. */
        Archive: {
            /** @description 诉求类别. */
            appeal_type: string | null;
            /**
             * Format: int64
             * @description How many bytes.
             */
            bytes: number;
            /** @description 事件类型. */
            category: string | null;
            checked_at: components["schemas"]["Instant"] | null;
            /**
             * Format: int64
             * @description Faults it found.
             */
            faults: number | null;
            /**
             * Format: int64
             * @description How many files.
             */
            files: number;
            /**
             * Format: int64
             * @description How many parts are missing.
             */
            missing: number;
            /** @description The order's number. */
            number: string;
            /** @description When it was packed. */
            packed_at: components["schemas"]["Instant"];
            /** @description The region or street. */
            region: string | null;
            /** @description The order. */
            ticket: string;
            /** @description 首接负责单位. */
            unit: string | null;
            /** @description 机构名称. */
            unit_name: string;
            /** @description The year of its number. */
            year: string;
        };
        /** @description What a check of an archive found. */
        ArchiveCheck: {
            /** @description What is wrong. */
            faults: string[];
            /** @description Files that were read again. */
            files: number;
            /** @description The manifest that the fact names, SHA-256 in hex. */
            manifest: string | null;
            /** @description What is not there, and why. */
            missing: components["schemas"]["ArchiveMissing"][];
            /** @description The order's number. */
            number: string;
            /** @description Its parts. */
            parts: components["schemas"]["ArchivePart"][];
            /** @description Whether it is whole and is the one that the order's fact names. */
            sound: boolean;
        };
        /** @description A part that is not there. */
        ArchiveMissing: {
            /** @description Which. */
            part: string;
            /** @description Why, as a code. */
            why: string;
        };
        /** @description Archives. */
        ArchivePage: {
            /** @description By number. */
            items: components["schemas"]["Archive"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description A part of an archive. */
        ArchivePart: {
            /**
             * Format: int64
             * @description How many bytes, as it lies there.
             */
            bytes: number;
            /** @description Its name, as `order.pdf`. */
            name: string;
            /** @description `order`, `paper`, `recording`, `attachment`. */
            part: string;
        };
        /** @description Which archives. */
        ArchiveQuery: {
            /**
             * @description The event type, or the beginning of its code.
             * @default null
             */
            category: string | null;
            /**
             * @description `next` of the page before.
             * @default null
             */
            cursor: string | null;
            /**
             * @description Only those that the last check found damaged.
             * @default false
             */
            damaged: boolean;
            /**
             * Format: int32
             * @description Rows, 1 to 500; 100 when nothing is said.
             * @default null
             */
            limit: number | null;
            /**
             * @description A whole order number.
             * @default null
             */
            number: string | null;
            /**
             * @description The region, or the beginning of its code.
             * @default null
             */
            region: string | null;
            /**
             * @description The unit.
             * @default null
             */
            unit: string | null;
            /**
             * @description The year, four digits.
             * @default null
             */
            year: string | null;
        };
        /** @description What is looked for in archives; the personal part of a question. */
        ArchiveSearch: {
            /** @description What else narrows. */
            filter?: components["schemas"]["ArchiveQuery"];
            /** @description Its last four digits. */
            last4?: string | null;
            /** @description A whole number in any usual form: the caller's, or one to call back. */
            phone?: string | null;
            /** @description Words that must all stand in the order. */
            text?: string | null;
        };
        /** @description One version of an article. */
        Article: {
            approved_at: components["schemas"]["Instant"] | null;
            /** @description Who approved it. */
            approver: string | null;
            /** @description 正文; empty in lists. */
            body: string;
            /** @description When it last changed. */
            changed_at: components["schemas"]["Instant"];
            /** @description Its id. */
            id: string;
            /** @description 责任单位. */
            owner: string;
            /** @description 机构名称. */
            owner_name: string;
            /**
             * Format: int64
             * @description For `If-Match`.
             */
            revision: number;
            /** @description `draft`, `approved`, `retired`. */
            state: string;
            /** @description 标题. */
            title: string;
            /** @description Whether an answer of today may rest on it. */
            valid: boolean;
            /** @description First day, YYYY-MM-DD. */
            valid_from: string;
            /** @description Last day, YYYY-MM-DD. */
            valid_until: string | null;
            /**
             * Format: int64
             * @description 1, 2, 3 …; an answer names it.
             */
            version: number;
            /** @description Who wrote it. */
            writer: string;
        };
        /** @description Articles. */
        ArticlePage: {
            /** @description Those that changed last first. */
            items: components["schemas"]["Article"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description An article of the knowledge base in the version that was used. */
        ArticleRef: {
            /** @description Its id. */
            id: string;
            /**
             * Format: int64
             * @description The version.
             */
            version: number;
        };
        /** @description A request for an update. */
        ArticleUpdate: {
            /** @description The article; absent while there is none. */
            article: string | null;
            /** @description When. */
            asked_at: components["schemas"]["Instant"];
            /** @description Who asked. */
            asked_by: string;
            done_at: components["schemas"]["Instant"] | null;
            /**
             * Format: int64
             * @description That version.
             */
            done_version: number | null;
            /** @description On time is before this instant. */
            due: components["schemas"]["Instant"];
            /** @description Its id. */
            id: string;
            /** @description Whether it is or was late. */
            late: boolean;
            /** @description Who is asked. */
            organ: string;
            /** @description 机构名称. */
            organ_name: string;
            /** @description Why. */
            reason: string;
            /** @description The order whose inquiry found no article. */
            ticket: string | null;
        };
        /** @description Requests for updates. */
        ArticleUpdatePage: {
            /** @description Newest first. */
            items: components["schemas"]["ArticleUpdate"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description An article with its versions. */
        ArticleVersions: {
            /** @description Newest first. */
            versions: components["schemas"]["Article"][];
        };
        /** @description What somebody writes. */
        ArticleWords: {
            /** @description 正文, 2 to 20 000 characters. */
            body: string;
            /** @description 责任单位. */
            owner: string;
            /** @description 标题, 2 to 100 characters. */
            title: string;
            /** @description The request it is written for, with a new article. */
            update?: string | null;
            /** @description First day it counts, YYYY-MM-DD. */
            valid_from: string;
            /** @description Last day it counts, YYYY-MM-DD. */
            valid_until?: string | null;
        };
        /** @description What is asked for. */
        AskAccount: {
            /** @description The agent it is to work as; for `change` absent takes it away. */
            agent?: string | null;
            /** @description `open`, `change`, `reopen`, `close`. */
            kind: string;
            /** @description 姓名, of a new account. */
            name?: string | null;
            /** @description The organ it is to work for, by id; for `open`, and for `change` when it is another. */
            organ?: string | null;
            /** @description Why, 2 to 500 characters. */
            reason: string;
            /** @description All roles it is to have; for `open` and `change`. */
            roles?: string[];
            /** @description Whose account: 1 to 40 of a-z, 0-9 and `-`. */
            user: string;
        };
        /** @description The first unit asks for co-units. Source: B.2. */
        AskCoHandling: {
            /** @description Evidence, one at least. */
            files: components["schemas"]["FileRef"][];
            /** @description The supervisor takes it after its window. */
            overridden: boolean;
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description Whom, and for what. */
            units: components["schemas"]["CoPart"][];
        };
        /** @description The unit asks for more time. Source: 7.6. */
        AskExtension: {
            /** @description Evidence. */
            files: components["schemas"]["FileRef"][];
            /** @description Stage progress. */
            progress: components["schemas"]["Text"];
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description How the appellant was told. */
            told: components["schemas"]["ContactWay"];
            /** @description What he was told. */
            told_text: components["schemas"]["Text"];
            /** @description The last day wanted, `YYYY-MM-DD`. */
            until: string;
        };
        /** @description The unit asks to give the order back. Source: 7.4. */
        AskReturn: {
            /** @description Claims 复杂疑难: three working days. */
            complex: boolean;
            /** @description In words. */
            explanation: components["schemas"]["Text"];
            /** @description Evidence. */
            files: components["schemas"]["FileRef"][];
            /** @description What that rests on. */
            legal_basis: components["schemas"]["Text"];
            /** @description The supervisor takes it after its window. */
            overridden: boolean;
            /** @description Why. */
            reason: components["schemas"]["ReturnReason"];
            /**
             * Format: int32
             * @description A co-unit's part.
             */
            sub: number | null;
            /** @description The unit that should have it. */
            suggested: string | null;
        };
        /** @description What is asked for. */
        AskUpdate: {
            /** @description Which article; absent when there is none. */
            article?: string | null;
            /** @description Who is to do it. */
            organ: string;
            /** @description Why, 2 to 500 characters. */
            reason: string;
            /** @description The order whose inquiry found no article. */
            ticket?: string | null;
        };
        /** @description Gives it to a seat. Source: 7.1.5 a. */
        AssignHelp: {
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
            /** @description Who helps. */
            seat: string;
        };
        /** @description Adds a file that was uploaded. Source: 7.9.1. */
        Attach: {
            /** @description Which. */
            file: components["schemas"]["FileRef"];
            /** @description Its name. */
            name: components["schemas"]["Text"];
            /** @description `evidence`, `photo`, `reply`, `conclusion`, `other`. */
            purpose: string;
        };
        /** @description An order or a call behind a ratio. */
        BehindRatio: {
            /** @description The instant by which it belongs to the period. */
            at: components["schemas"]["Instant"];
            /** @description Its id. */
            id: string;
            order: components["schemas"]["Ticket"] | null;
        };
        /** @description Orders or calls behind a ratio. */
        BehindRatioPage: {
            /** @description Newest first; what the reader may not see is left out. */
            items: components["schemas"]["BehindRatio"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description A call record. */
        Call: {
            /** @description Who answered. */
            agent: string | null;
            agent_answered_at: components["schemas"]["Instant"] | null;
            /** @description 姓名. */
            agent_name: string;
            answered_at: components["schemas"]["Instant"] | null;
            /** @description The citizen, masked; empty when it was erased. */
            caller: string;
            /** @description Who called whom: `inbound`, `outbound`. */
            direction: string | null;
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
             *     `cancelled`, `refused`, `failed`; of a call of ours also `busy`, `no_answer`, `declined`, `unreachable`,
             *     `agent_no_answer`.
             */
            outcome: string | null;
            /** @description What a call of ours was for: `followup`, `contact`, `callback`. */
            purpose: string | null;
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
        /** @description What a caller asked for before. */
        CallerHistory: {
            /** @description His last five orders, newest first. */
            last: components["schemas"]["Ticket"][];
            /** @description His orders that are not ended. */
            open: components["schemas"]["Ticket"][];
        };
        /** @description A call that was begun. */
        CallMade: {
            /** @description Its id; the live stream tells how it goes. */
            interaction: string;
        };
        /** @description A page of calls. */
        CallPage: {
            /** @description Newest first. */
            items: components["schemas"]["Call"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description What a call to the appellant is for. */
        CallRequest: {
            /** @description `followup`, `contact`, `callback`. */
            purpose: string;
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
        /** @description Withdrawn by the appellant, or opened by mistake. Source: 7.9.3. */
        Cancel: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description By the appellant. */
            withdrawn: boolean;
        };
        /** @description What may be asked of a case. */
        CaseCommand: {
            /** @enum {string} */
            command: "join";
            /** @description Which. */
            orders: string[];
        } | {
            /** @enum {string} */
            command: "take";
        } | {
            /** @enum {string} */
            command: "send_back";
            /** @description Why. */
            reason?: components["schemas"]["Text"];
        } | {
            /** @enum {string} */
            command: "order_rectification";
            /** @description What is demanded. */
            demand?: components["schemas"]["Text"];
            /**
             * Format: int64
             * @description Until when, exclusive, UTC µs.
             */
            limit: number;
        } | {
            /** @enum {string} */
            command: "report";
            /** @description What. */
            report?: components["schemas"]["Text"];
            /** @description Who. */
            unit: string;
        } | {
            /** @enum {string} */
            command: "check";
            /** @description Whether it had a clear effect: then the case is closed. */
            effective: boolean;
            /**
             * Format: int64
             * @description Without effect: until when the next round lasts, exclusive, UTC µs.
             */
            limit?: number | null;
            /** @description Why, or the conclusion. */
            text?: components["schemas"]["Text"];
        };
        /** @description Cases. */
        CasePage: {
            /** @description Newest first. */
            items: components["schemas"]["KeyCase"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description What should become a case. */
        CaseProposal: {
            /**
             * Format: int32
             * @description Different appellants in the window that is set.
             */
            appellants: number;
            /** @description 事件类型. */
            category: string | null;
            /** @description Its name with what is above it. */
            category_name: string;
            /** @description `a` to `d`, as in 7.8.2. */
            cause: string;
            /**
             * Format: int32
             * @description 督办 without an answer in time.
             */
            escalated: number;
            /**
             * Format: int32
             * @description Reworks without effect.
             */
            failed_reworks: number;
            /** @description Its orders, the newest first, at most 200. */
            orders: string[];
            /** @description The region or street. */
            region: string | null;
            /** @description Its name with what is above it. */
            region_name: string;
        };
        /** @description What should become a case. */
        CaseProposals: {
            /** @description Matters of many appellants first. */
            items: components["schemas"]["CaseProposal"][];
        };
        /** @description A unit of a case. */
        CaseUnit: {
            /** @description Its id. */
            id: string;
            /** @description 机构名称. */
            name: string;
            /** @description Whether it has reported in this round. */
            reported: boolean;
        };
        /** @description Changes the event type after submission. Source: 7.1.2 a. */
        ChangeCategory: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description A code of the tree. */
            to: string;
        };
        /** @description Changes the kind of appeal after submission. Source: 3.2. */
        ChangeType: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description Now. */
            to: components["schemas"]["AppealType"];
        };
        /** @description Raises or lowers the urgency. Source: 7.5.1. */
        ChangeUrgency: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description Now. */
            to: components["schemas"]["Urgency"];
        };
        /** @description The seat is on the spot. Source: 7.1.5 a. */
        CheckIn: {
            /** @description With whom. */
            companions: components["schemas"]["Text"];
            /** @description Photos. */
            files: components["schemas"]["FileRef"][];
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
            /** @description Where. */
            place: components["schemas"]["Text"];
        };
        /** @description A choice in a menu. */
        Choice: {
            /** @description The key; empty when none came in time. */
            choice: string;
            /** @description The node that asked. */
            node: string;
        };
        /** @description A document quoted in a reply. Source: 7.5.2. */
        Citation: {
            /**
             * @description 具体条款.
             * @default
             */
            clause: components["schemas"]["Text"];
            /**
             * @description 发文字号.
             * @default
             */
            number: components["schemas"]["Text"];
            /**
             * @description 全称.
             * @default
             */
            title: components["schemas"]["Text"];
        };
        /** @description Takes an appeal from the inbox. Source: 7.1.2 b. */
        Claim: Record<string, never>;
        /** @description The report was reviewed. Source: 7.1.5 b. */
        CloseHelp: {
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
        };
        /** @description A command. */
        Command: (components["schemas"]["Claim"] & {
            /** @enum {string} */
            command: "claim";
        }) | (components["schemas"]["DraftFields"] & {
            /** @enum {string} */
            command: "save_draft";
        }) | (components["schemas"]["Submit"] & {
            /** @enum {string} */
            command: "submit";
        }) | (components["schemas"]["Answer"] & {
            /** @enum {string} */
            command: "answer";
        }) | (components["schemas"]["WarnCaller"] & {
            /** @enum {string} */
            command: "warn_caller";
        }) | (components["schemas"]["Refuse"] & {
            /** @enum {string} */
            command: "refuse";
        }) | (components["schemas"]["MarkInvalid"] & {
            /** @enum {string} */
            command: "mark_invalid";
        }) | (components["schemas"]["Refer"] & {
            /** @enum {string} */
            command: "refer";
        }) | (components["schemas"]["Merge"] & {
            /** @enum {string} */
            command: "merge";
        }) | (components["schemas"]["SetFlag"] & {
            /** @enum {string} */
            command: "set_flag";
        }) | (components["schemas"]["SetCircle"] & {
            /** @enum {string} */
            command: "set_circle";
        }) | (components["schemas"]["Attach"] & {
            /** @enum {string} */
            command: "attach";
        }) | (components["schemas"]["LinkCall"] & {
            /** @enum {string} */
            command: "link_call";
        }) | (components["schemas"]["AddFacts"] & {
            /** @enum {string} */
            command: "add_facts";
        }) | (components["schemas"]["Dispatch"] & {
            /** @enum {string} */
            command: "dispatch";
        }) | (components["schemas"]["SendBack"] & {
            /** @enum {string} */
            command: "send_back";
        }) | (components["schemas"]["OpenArbitration"] & {
            /** @enum {string} */
            command: "open_arbitration";
        }) | (components["schemas"]["Arbitrate"] & {
            /** @enum {string} */
            command: "arbitrate";
        }) | (components["schemas"]["Redispatch"] & {
            /** @enum {string} */
            command: "redispatch";
        }) | (components["schemas"]["AcknowledgeDuty"] & {
            /** @enum {string} */
            command: "acknowledge_duty";
        }) | (components["schemas"]["ChangeUrgency"] & {
            /** @enum {string} */
            command: "change_urgency";
        }) | (components["schemas"]["ChangeType"] & {
            /** @enum {string} */
            command: "change_type";
        }) | (components["schemas"]["ChangeCategory"] & {
            /** @enum {string} */
            command: "change_category";
        }) | (components["schemas"]["Sign"] & {
            /** @enum {string} */
            command: "sign";
        }) | (components["schemas"]["RecordContact"] & {
            /** @enum {string} */
            command: "record_contact";
        }) | (components["schemas"]["RecordProgress"] & {
            /** @enum {string} */
            command: "record_progress";
        }) | (components["schemas"]["FeedBack"] & {
            /** @enum {string} */
            command: "feed_back";
        }) | (components["schemas"]["AskReturn"] & {
            /** @enum {string} */
            command: "ask_return";
        }) | (components["schemas"]["DecideReturn"] & {
            /** @enum {string} */
            command: "decide_return";
        }) | (components["schemas"]["AskExtension"] & {
            /** @enum {string} */
            command: "ask_extension";
        }) | (components["schemas"]["DecideExtension"] & {
            /** @enum {string} */
            command: "decide_extension";
        }) | (components["schemas"]["AskCoHandling"] & {
            /** @enum {string} */
            command: "ask_co_handling";
        }) | (components["schemas"]["DecideCoHandling"] & {
            /** @enum {string} */
            command: "decide_co_handling";
        }) | (components["schemas"]["SignSub"] & {
            /** @enum {string} */
            command: "sign_sub";
        }) | (components["schemas"]["ReplySub"] & {
            /** @enum {string} */
            command: "reply_sub";
        }) | (components["schemas"]["PassReview"] & {
            /** @enum {string} */
            command: "pass_review";
        }) | (components["schemas"]["SendBackReply"] & {
            /** @enum {string} */
            command: "send_back_reply";
        }) | (components["schemas"]["RecordAttempt"] & {
            /** @enum {string} */
            command: "record_attempt";
        }) | (components["schemas"]["RecordResult"] & {
            /** @enum {string} */
            command: "record_result";
        }) | (components["schemas"]["RateAgent"] & {
            /** @enum {string} */
            command: "rate_agent";
        }) | (components["schemas"]["ProposeVerdict"] & {
            /** @enum {string} */
            command: "propose_verdict";
        }) | (components["schemas"]["DecideVerdict"] & {
            /** @enum {string} */
            command: "decide_verdict";
        }) | (components["schemas"]["Reopen"] & {
            /** @enum {string} */
            command: "reopen";
        }) | (components["schemas"]["OverturnRefusal"] & {
            /** @enum {string} */
            command: "overturn_refusal";
        }) | (components["schemas"]["Unmerge"] & {
            /** @enum {string} */
            command: "unmerge";
        }) | (components["schemas"]["Cancel"] & {
            /** @enum {string} */
            command: "cancel";
        }) | (components["schemas"]["Urge"] & {
            /** @enum {string} */
            command: "urge";
        }) | (components["schemas"]["Instruct"] & {
            /** @enum {string} */
            command: "instruct";
        }) | (components["schemas"]["Supervise"] & {
            /** @enum {string} */
            command: "supervise";
        }) | (components["schemas"]["ReadSupervision"] & {
            /** @enum {string} */
            command: "read_supervision";
        }) | (components["schemas"]["ReplySupervision"] & {
            /** @enum {string} */
            command: "reply_supervision";
        }) | (components["schemas"]["JudgeSupervision"] & {
            /** @enum {string} */
            command: "judge_supervision";
        }) | (components["schemas"]["EnterCase"] & {
            /** @enum {string} */
            command: "enter_case";
        }) | (components["schemas"]["LeaveCase"] & {
            /** @enum {string} */
            command: "leave_case";
        }) | (components["schemas"]["OpenHelp"] & {
            /** @enum {string} */
            command: "open_help";
        }) | (components["schemas"]["AssignHelp"] & {
            /** @enum {string} */
            command: "assign_help";
        }) | (components["schemas"]["CheckIn"] & {
            /** @enum {string} */
            command: "check_in";
        }) | (components["schemas"]["EndHelp"] & {
            /** @enum {string} */
            command: "end_help";
        }) | (components["schemas"]["ReportHelp"] & {
            /** @enum {string} */
            command: "report_help";
        }) | (components["schemas"]["CloseHelp"] & {
            /** @enum {string} */
            command: "close_help";
        }) | (components["schemas"]["FixResponsibility"] & {
            /** @enum {string} */
            command: "fix_responsibility";
        });
        /** @description The text in force, and whether one has signed it. */
        Commitment: {
            /** @description Its paragraphs. */
            paragraphs: string[];
            /** @description SHA-256 of head and paragraphs, a line each, hex. */
            sha256: string;
            signed_at: components["schemas"]["Instant"] | null;
            /** @description Its head. */
            title: string;
            /**
             * Format: int64
             * @description The version in force.
             */
            version: number;
        };
        /** @description How the standard was kept. */
        ConformanceReport: {
            /** @description Clause by clause: counts, exceptions by number, settings that decided. */
            clauses: Record<string, never>[];
            /** @description First day. */
            from: string;
            /** @description When it was counted. */
            made_at: components["schemas"]["Instant"];
            /** @description The standard. */
            standard: string;
            /** @description Last day. */
            to: string;
        };
        /** @description A read of an archive. */
        Consultation: {
            /** @description Whose account. */
            actor: string;
            /** @description When. */
            at: components["schemas"]["Instant"];
            /** @description By which way. */
            cause: string;
            /** @description Which parts. */
            parts: string[];
        };
        /** @description Reads of an archive. */
        Consultations: {
            /** @description Oldest first. */
            items: components["schemas"]["Consultation"][];
        };
        /** @enum {string} */
        ContactOutcome: "reached" | "no_answer" | "declined" | "wrong_number";
        /** @enum {string} */
        ContactWay: "phone" | "visit" | "message";
        /** @description A co-unit and its matter. Source: B.2. */
        CoPart: {
            /** @description For what. */
            matter: components["schemas"]["Text"];
            /** @description Whom. */
            unit: string;
        };
        /** @description The organ decides on co-handling. Source: B.2. */
        DecideCoHandling: {
            /** @description Whether it is approved. */
            approve: boolean;
            /** @description Why; required when refused. */
            reason: components["schemas"]["Text"];
            /**
             * Format: int32
             * @description Which.
             */
            request: number;
            /** @description Moves the main deadline to the end of this day. */
            until: string | null;
        };
        /** @description The organ decides on an extension. Source: 7.6. */
        DecideExtension: {
            /** @description Whether it is approved. */
            approve: boolean;
            /** @description Why; required when refused. */
            reason: components["schemas"]["Text"];
            /**
             * Format: int32
             * @description Which.
             */
            request: number;
            /** @description Another last day than the one wanted. */
            until: string | null;
        };
        /** @description The organ decides on a return. Source: 7.4. */
        DecideReturn: {
            /** @description Whether it is approved. */
            approve: boolean;
            /** @description 复杂疑难 confirmed. */
            complex: boolean;
            /** @description Why; required when refused. */
            reason: components["schemas"]["Text"];
            /**
             * Format: int32
             * @description Which.
             */
            request: number;
        };
        /** @description Decides on it; closing takes a second person. Source: 7.7.1. */
        DecideVerdict: {
            /** @description 不纳入考核. */
            excluded: boolean;
            /** @description Why, and with `rework` what is demanded. */
            reason: components["schemas"]["Text"];
            /** @description With `rework`: the co-units' parts it goes to; without it the site's setting says. Source: B.4. */
            subs: number[] | null;
            /** @description What. */
            verdict: components["schemas"]["Verdict"];
        };
        /** @description A phone. */
        Device: {
            /** @description The number it has inside. */
            extension: string | null;
            /** @description Its id. */
            id: string;
        };
        /** @description Sends the order to its first unit. Source: 7.2. */
        Dispatch: {
            /** @description How it was found. */
            basis: components["schemas"]["RouteBasis"];
            /** @description The grid, with `grid`. */
            grid: string | null;
            /** @description Why this unit; required with `judgement`. */
            reason: components["schemas"]["Text"];
            /** @description The routing rule followed. */
            rule: string | null;
            /** @description 首接负责单位. */
            unit: string;
        };
        /** @description How many calls became the same. */
        Disposition: {
            /**
             * @description `order` for one that went on, else how it ended: `answered`, `not_accepted`, `referred`, `merged`, `invalid`,
             *     `cancelled`; `undisposed` for a draft or nothing, `pending` while there is time.
             */
            became: string;
            /**
             * Format: int64
             * @description How many calls.
             */
            calls: number;
        };
        /** @description Fields as they come from a form: `None` leaves a field as it is, an empty text clears it. */
        DraftFields: {
            /**
             * @description 详细地址, at most 200 characters.
             * @default null
             */
            address: string | null;
            /**
             * @description 诉求类别: one of six codes.
             * @default null
             */
            appeal_type: string | null;
            /**
             * @description 诉求人类别: `person`, `legal_person`, `organization`.
             * @default null
             */
            appellant_kind: string | null;
            /**
             * @description 事件类型: a code of the category tree.
             * @default null
             */
            category: string | null;
            /**
             * @description 企业名称, at most 100 characters; with a legal person or organisation.
             * @default null
             */
            company: string | null;
            /**
             * @description Another number to call back, at most 32 characters.
             * @default null
             */
            contact_phone: string | null;
            /**
             * @description When he may be called back, at most 50 characters.
             * @default null
             */
            contact_time: string | null;
            /**
             * @description 诉求内容, at most 4 000 characters.
             * @default null
             */
            content: string | null;
            /**
             * @description 统一社会信用代码, 18 characters.
             * @default null
             */
            credit_code: string | null;
            /**
             * @description 诉求人要求, at most 500 characters.
             * @default null
             */
            demand: string | null;
            /**
             * @description 诉求人姓名或称呼, at most 50 characters.
             * @default null
             */
            name: string | null;
            /**
             * @description 地点: `none` (无地点), `at`, or empty.
             * @default null
             */
            place: string | null;
            /**
             * @description Whether what was written was read back to him.
             * @default null
             */
            read_back: boolean | null;
            /**
             * @description A code of the region tree; setting it makes the place `at`.
             * @default null
             */
            region: string | null;
            /**
             * @description Whether his identity is to be kept secret.
             * @default null
             */
            secrecy: boolean | null;
            /**
             * @description 被反映对象 in words, at most 100 characters.
             * @default null
             */
            target: string | null;
            /**
             * @description 被反映对象, when it is an organ: its id.
             * @default null
             */
            target_organ: string | null;
            /**
             * @description 紧急程度: `normal`, `urgent`, `critical`.
             * @default null
             */
            urgency: string | null;
        };
        /** @description The help ended; the report is due. Source: 7.1.5 b. */
        EndHelp: {
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
        };
        /** @description Joins a 重点督办 case. Source: 7.8.2. */
        EnterCase: {
            /** @description Which. */
            case: string;
            /** @description Why. */
            cause: components["schemas"]["KeyCause"];
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
        /** @description An export. */
        Export: {
            /** @description Whether there were more than it holds. */
            bounded: boolean;
            /** @description When. */
            exported_at: components["schemas"]["Instant"];
            /** @description What narrowed it. */
            filter: Record<string, never>;
            /** @description `csv` or `json`. */
            format: string;
            /** @description Its id, as in its watermark. */
            id: string;
            /** @description His organ, as `hotline/ln`. */
            organ: string;
            /** @description What for. */
            purpose: string;
            /**
             * Format: int32
             * @description How many orders.
             */
            rows: number;
            /** @description SHA-256 of what was handed out, hex. */
            sha256: string;
            /** @description Who took it. */
            user: string;
        };
        /** @description Exports. */
        ExportPage: {
            /** @description Newest first. */
            items: components["schemas"]["Export"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description The unit's reply. Source: 7.5.2. */
        FeedBack: {
            /** @description 政策依据. */
            basis: components["schemas"]["Text"];
            /** @description Documents quoted. */
            citations: components["schemas"]["Citation"][];
            /** @description 协办情况汇总, after co-handling. */
            co_summary: components["schemas"]["Text"];
            /** @description Evidence. */
            files: components["schemas"]["FileRef"][];
            /** @description What he does not. */
            internal_note: components["schemas"]["Text"];
            /** @description 后续工作安排. */
            next_steps: components["schemas"]["Text"];
            /** @description 办理过程. */
            process: components["schemas"]["Text"];
            /** @description What the appellant reads. */
            public_reply: components["schemas"]["Text"];
            /** @description 办理结果. */
            result: components["schemas"]["Text"];
            /** @description As the unit sees it. */
            solved: boolean;
            /** @description The unit's own follow-up, after co-handling. */
            unit_followup: components["schemas"]["Text"];
        };
        /** @description A file of an order by its content; name and bytes stand elsewhere. */
        FileRef: {
            /**
             * Format: int64
             * @description Length.
             */
            bytes: number;
            /** @description Its id. */
            id: string;
            /** @description As `image/jpeg`. */
            media_type: string;
            /** @description SHA-256 of its bytes, hex. */
            sha256: string;
        };
        /** @description Primary and secondary responsibility after closing. Source: B.5. */
        FixResponsibility: {
            /** @description Primary. */
            primary: string;
            /** @description Proposes a routing rule. */
            propose_rule: boolean;
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description Secondary. */
            secondary: string[];
        };
        /** @enum {string} */
        Flag: "enterprise" | "group" | "public_opinion" | "minor" | "vulnerable" | "instruction" | "life_danger" | "complex";
        /** @enum {string} */
        FollowupLevel: "city" | "county";
        /** @enum {string} */
        FollowupMode: "robot" | "sms" | "person" | "instant";
        /** @enum {string} */
        FollowupResult: "solved" | "unsolved" | "other";
        /** @description A possibility. */
        Guess: {
            /** @description Its code. */
            code: string;
            /**
             * Format: int32
             * @description How clearly it stands out among the others, percent: a share, not a chance of being right.
             */
            confidence: number;
            /** @description The pieces of the text that decided, the weightiest first. */
            words: string[];
        };
        /** @description A word or field that was written. */
        HistoryChange: {
            /** @description What stands there since. */
            after: string;
            /** @description What stood there before. */
            before: string;
            /** @description Its name, as `content` or `reply.1.result`. */
            name: string;
        };
        /** @description A fact of an order. */
        HistoryEntry: {
            /** @description `system`, `caller`, `agent`, `user`. */
            actor: string;
            /** @description Whose account or agent. */
            actor_id: string;
            /** @description 姓名. */
            actor_name: string;
            /** @description When. */
            at: components["schemas"]["Instant"];
            /** @description The request or timer that led to it. */
            cause: string;
            /** @description Words that were written with it, as far as the reader sees them. */
            changes: components["schemas"]["HistoryChange"][];
            /** @description The clause it serves. */
            clause: string | null;
            /** @description Codes, numbers and ids of it. */
            detail: Record<string, never>;
            /** @description The kind of fact, as `ticket.signed`. */
            kind: string;
            /** @description The order's version after it. */
            no: number;
            /** @description What that is, in words. */
            title: string;
        };
        /**
         * Format: date-time
         * @description RFC 3339 in UTC with microseconds.
         */
        Instant: string;
        /** @description A leader's instruction (批示). Source: 8.1.2.1 a. */
        Instruct: {
            /** @description Who. */
            leader: components["schemas"]["Text"];
            /** @description What. */
            text: components["schemas"]["Text"];
        };
        /** @description The organ is content with the answer, or not. Source: 7.8.1. */
        JudgeSupervision: {
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
            /** @description Why not. */
            reason: components["schemas"]["Text"];
            /** @description Whether it is. */
            satisfied: boolean;
        };
        /** @description A case. */
        KeyCase: {
            /**
             * Format: int32
             * @description Different appellants when it was submitted.
             */
            appellants: number;
            /** @description `a` to `d`, as in 7.8.2. */
            cause: string;
            ended_at: components["schemas"]["Instant"] | null;
            /** @description Its id. */
            id: string;
            limit: components["schemas"]["Instant"] | null;
            /** @description Its orders, in the order in which they came; empty for a unit and in lists. */
            orders: string[];
            /** @description How many orders. */
            orders_total: number;
            /** @description Whether the round's limit passed without every report. */
            overdue: boolean;
            /**
             * Format: int32
             * @description The round of rectification; 0 before the first.
             */
            round: number;
            /** @description `submitted`, `taken`, `sent_back`, `rectify`, `check`, `closed`. */
            state: string;
            /** @description When it was submitted. */
            submitted_at: components["schemas"]["Instant"];
            /** @description In a few words. */
            title: string;
            /** @description The units that are to rectify; a unit is told of itself alone. */
            units: components["schemas"]["CaseUnit"][];
            /**
             * Format: int64
             * @description For `If-Match`.
             */
            version: number;
            /** @description Words by name, as `demand.1`; empty in lists. */
            words: {
                [key: string]: string;
            };
        };
        /** @enum {string} */
        KeyCause: "a" | "b" | "c" | "d";
        /** @description Its 重点督办 case is closed. Source: 7.8.2. */
        LeaveCase: {
            /** @description Which. */
            case: string;
        };
        /** @description Why an order is proposed. */
        LikenessReason: {
            /** @description `same_caller`, `same_category`, `same_street`, `days`, `words` … */
            code: string;
            /**
             * Format: int32
             * @description Days apart, or common words in thousandths.
             */
            number: number | null;
        };
        /** @description An order that may be the same fact. */
        LikeTicket: {
            /** @description The beginning of its content. */
            excerpt: string;
            /** @description Why, the weightiest first. */
            reasons: components["schemas"]["LikenessReason"][];
            /**
             * Format: int32
             * @description 0 to 1000.
             */
            score: number;
            /** @description The order as in lists. */
            ticket: components["schemas"]["Ticket"];
        };
        /** @description Orders that may be the same fact. */
        LikeTickets: {
            /** @description The likeliest first. */
            items: components["schemas"]["LikeTicket"][];
        };
        /** @description A running limit. */
        Limit: {
            /** @description On time is before this instant. */
            deadline: components["schemas"]["Instant"];
            /** @description What it waits for, as `close`. */
            kind: string;
            /** @description `green`, `yellow`, `orange`, `red`, `purple`. */
            light: string;
            /** @description Counted past the last loaded calendar. */
            provisional: boolean;
            /** @description What is left, or by how much it is passed, in words. */
            words: string;
        };
        /** @description A line's names. */
        LineNames: {
            /** @description Its id. */
            id: string;
            /** @description 线路名. */
            name: string;
            /** @description The number that is dialled. */
            number: string;
        };
        /** @description A call belongs to the order. Source: 7.9.1. */
        LinkCall: {
            /** @description The call. */
            interaction: string;
            /** @description `intake`, `followup`, `contact`, `callback`, `urge`, `other`. */
            purpose: string;
            /** @description Its recording. */
            recording: string | null;
        };
        /** @description Holds no appeal. Source: A. */
        MarkInvalid: {
            /** @description Why. */
            disposition: components["schemas"]["Disposition"];
        };
        /** @description The same fact and reason as another order. Source: 7.1.4 c. */
        Merge: {
            /** @description That order. */
            master: string;
            /**
             * Format: int32
             * @description The likeness shown, 0 to 1000.
             */
            score: number;
            /** @description What the appellant was told of it. */
            told: components["schemas"]["Text"];
        };
        /** @description A citizen who reached nobody. */
        MissedCall: {
            /**
             * Format: int32
             * @description Calls of ours that did not reach him.
             */
            attempts: number;
            /** @description The citizen, masked; empty when it was erased. */
            caller: string;
            /**
             * Format: int32
             * @description How many calls.
             */
            count: number;
            /** @description When the first came. */
            first_at: components["schemas"]["Instant"];
            /** @description His first call of the day, which names the record. */
            interaction: string;
            /** @description His last. */
            last: string;
            /** @description When the last came. */
            last_at: components["schemas"]["Instant"];
            /** @description 线路名 of the last call. */
            line_name: string;
            /**
             * Format: int64
             * @description The longest wait in queues.
             */
            longest_wait_ms: number;
            /** @description The queue of the last call; none when he hung up before one. */
            queue: string | null;
            /** @description 队列名. */
            queue_name: string;
            /** @description The call that served him; absent while he waits to be called back. */
            served_by: string | null;
        };
        /** @description Missed calls of a day. */
        MissedCalls: {
            /** @description Who waits longest first; after them those who were served. */
            items: components["schemas"]["MissedCall"][];
            /**
             * Format: int64
             * @description How many there are in all, beside those that are shown.
             */
            total: number;
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
            /** @description From which queue; none for a call that the agent made. */
            queue: string | null;
        };
        /** @description Responsibility is unclear. Source: 7.2 b. */
        OpenArbitration: {
            /** @description Who decides with the hotline organ. */
            invited: string[];
            /** @description Why. */
            reason: components["schemas"]["Text"];
        };
        /** @description Asks for 帮办. Source: 7.1.5 a. */
        OpenHelp: {
            /** @description Whom it takes. */
            departments: string[];
            /** @description What is needed. */
            need: components["schemas"]["Text"];
            /** @description Where. */
            place: components["schemas"]["Text"];
        };
        /** @description An organ with its name. */
        OrganName: {
            /** @description Its id. */
            id: string;
            /** @description 机构名称. */
            name: string;
        };
        /** @description How many messages wait or have failed. */
        OutboxCount: {
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
            /** @description When the oldest of them was asked for. */
            oldest_at: components["schemas"]["Instant"];
            /** @description `queued`, `leased`, `dead`, `undelivered`. */
            state: string;
        };
        /** @description A message. */
        OutboxMessage: {
            /**
             * Format: int32
             * @description Attempts that count.
             */
            attempts: number;
            /** @description `sms`, `notice`, `webhook`. */
            channel: string;
            /** @description Whether the order is confidential. */
            confidential: boolean;
            /** @description When it was asked for. */
            created_at: components["schemas"]["Instant"];
            /** @description The gateway that took it. */
            gateway: string | null;
            /** @description Its id. */
            id: string;
            /** @description Why the last attempt failed, or what the network said. */
            last_error: string | null;
            next_at: components["schemas"]["Instant"] | null;
            /** @description What the recipient's number is used for. */
            purpose: string;
            /** @description Number masked, or the unit's or user's id; `***` for a confidential order; empty when it was erased. */
            recipient: string;
            /** @description `appellant`, `unit`, `user`, `duty_office`, `partner`. */
            recipient_kind: string;
            /**
             * Format: int32
             * @description Attempts after one that may have reached the gateway.
             */
            resends: number;
            sent_at: components["schemas"]["Instant"] | null;
            settled_at: components["schemas"]["Instant"] | null;
            /** @description `queued`, `leased`, `sent`, `delivered`, `undelivered`, `dead`, `cancelled`. */
            state: string;
            /** @description What it says, as `accepted`. */
            template: string;
            /** @description The order; absent for a confidential one. */
            ticket: string | null;
            /** @description Its number; empty for a confidential one. */
            ticket_number: string;
        };
        /** @description Messages. */
        OutboxPage: {
            /** @description Over all messages. */
            counts: components["schemas"]["OutboxCount"][];
            /** @description Where the next page begins; absent at the end. */
            cursor: string | null;
            /** @description Newest first. */
            items: components["schemas"]["OutboxMessage"][];
        };
        /** @description A refusal did not stand. Source: 6.2. */
        OverturnRefusal: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
        };
        /** @description The reply meets the rules. Source: 7.5.2. */
        PassReview: {
            /** @description More. */
            note: components["schemas"]["Text"];
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
            /** @description The rule of a work order that refuses it. */
            rule: string | null;
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
        /** @enum {string} */
        Procedure: "litigation" | "arbitration" | "discipline" | "reconsideration" | "disclosure" | "other";
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
        /** @description The words of an appeal. */
        ProposalRequest: {
            /** @description 诉求内容 so far. */
            content: string;
            /** @description 区域, if chosen; it leads to the units instead of what the words name. */
            region?: string | null;
        };
        /** @description What is proposed. */
        Proposals: {
            /** @description 诉求类别. */
            appeal_type: components["schemas"]["Guess"];
            /** @description 事件类型, the best first; none when the words lead to none. */
            categories: components["schemas"]["Guess"][];
            region: components["schemas"]["Guess"] | null;
            /** @description 首接负责单位, the best first. */
            units: components["schemas"]["UnitGuess"][];
            /** @description 紧急程度. */
            urgency: components["schemas"]["Guess"];
        };
        /** @description What follows from a negative result, by one officer. Source: 7.7.1. */
        ProposeVerdict: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description What. */
            verdict: components["schemas"]["Verdict"];
        };
        /** @description What opens an order. */
        PublicQuery: {
            /** @description 查询码, eight digits. */
            code: string;
            /** @description 工单编号. */
            number: string;
        };
        /** @description A step of an order that its appellant may know. */
        PublicStep: {
            at: components["schemas"]["Instant"] | null;
            /** @description `accepted`, `answered`, `dispatched`, `signed`, `fed_back`, `closed`. */
            step: string;
            /** @description Words meant for him. */
            text: string | null;
            /** @description The unit. */
            unit: string | null;
        };
        /** @description An order as its appellant may know it. */
        PublicTicket: {
            deadline: components["schemas"]["Instant"] | null;
            /** @description 工单编号. */
            number: string;
            /** @description Where it stands. */
            state: string;
            /** @description What happened, oldest first. */
            steps: components["schemas"]["PublicStep"][];
        };
        /** @description What opens an order, with words. */
        PublicWords: {
            /** @description 查询码, eight digits. */
            code: string;
            /** @description 工单编号. */
            number: string;
            /** @description What is said. */
            text?: components["schemas"]["Text"];
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
        /** @description The appellant rates the agent right after the call. Source: 8.5 c. */
        RateAgent: {
            /** @description His word. */
            satisfaction: components["schemas"]["Satisfaction"];
        };
        /** @description A ratio. */
        Ratio: {
            /** @description The instant by which a row belongs to the period. */
            anchor: string;
            /**
             * Format: int64
             * @description Of averages, n ÷ N in ms; none when N is 0.
             */
            average_ms: number | null;
            /** @description `order`, `cycle`, `request`, `supervision`, `call`. */
            base: string;
            /**
             * Format: int64
             * @description What is left out of both.
             */
            excluded: number;
            /** @description Whether it is one of the five rates (五率). */
            five: boolean;
            /** @description `share`, `rate`, `average_time`, `average_ms`. */
            form: string;
            /** @description Its id. */
            id: string;
            /** @description 名称. */
            label: string;
            /**
             * Format: int64
             * @description Above the line.
             */
            n: number;
            /**
             * Format: int64
             * @description Below the line.
             */
            N: number;
            /** @description What tells it from others of the same name; empty for most. */
            note: string;
            /** @description n ÷ N in percent with two digits, as `98.76`; none when N is 0, and for averages. */
            percentage: string | null;
            /** @description The clause or standard it comes from. */
            source: string;
        };
        /** @description Ratios of a period. */
        Ratios: {
            /** @description In the order of the registry. */
            items: components["schemas"]["Ratio"][];
            /** @description Which of that level; none for all that the reader reaches. */
            key: string | null;
            /** @description For whom they were counted. */
            level: string;
            /** @description When they were counted. */
            made_at: components["schemas"]["Instant"];
        };
        /** @description The unit opens a 督办. Source: 7.8.1. */
        ReadSupervision: {
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
        };
        /** @description An appeal that came by another way than a call. */
        ReceivedAppeal: {
            /** @description The channel, as `visit`, `mail`, `app`. */
            channel: string;
            /** @description Its own deadline, RFC 3339. */
            deadline?: string | null;
            /** @description Its own number. */
            external?: string | null;
            /** @description What can be read into the form. */
            fields?: components["schemas"]["DraftFields"];
            /** @description What was written or said, to the letter; never changed afterwards. */
            original: components["schemas"]["Text"];
            /** @description The other platform, if one handed it over. */
            platform?: string | null;
        };
        /** @description A day's answered calls and what became of them. */
        Reconciliation: {
            /**
             * Format: int64
             * @description Calls of the day that an agent answered: the sum of `items`.
             */
            answered: number;
            closed_at: components["schemas"]["Instant"] | null;
            /** @description The day's first instant. */
            from: components["schemas"]["Instant"];
            /** @description By what became of them. */
            items: components["schemas"]["Disposition"][];
            /** @description The next day's. */
            to: components["schemas"]["Instant"];
        };
        /** @description Tried to follow up and reached nobody. Source: 7.7.1. */
        RecordAttempt: {
            /** @description The call. */
            call: string | null;
            /** @description Whose. */
            level: components["schemas"]["FollowupLevel"];
            /** @description How. */
            mode: components["schemas"]["FollowupMode"];
            /** @description More. */
            note: components["schemas"]["Text"];
            /** @description Its recording. */
            recording: string | null;
        };
        /** @description The unit spoke or tried to speak to the appellant. Source: 7.3. */
        RecordContact: {
            /** @description The call. */
            call: string | null;
            /** @description More. */
            note: components["schemas"]["Text"];
            /** @description The number dialled, if one was. */
            number: components["schemas"]["Text"];
            /** @description The appellant's opinion, if one was heard. */
            opinion: components["schemas"]["Text"];
            /** @description What came of it. */
            outcome: components["schemas"]["ContactOutcome"];
            /** @description How. */
            way: components["schemas"]["ContactWay"];
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
        /** @description A stage of the handling. Source: 7.5.1. */
        RecordProgress: {
            /** @description The first result of a critical order. */
            first_result: boolean;
            /** @description Whether the appellant may read it. */
            public: boolean;
            /** @description What was done. */
            text: components["schemas"]["Text"];
        };
        /** @description The appellant's word. Source: 7.7.2. */
        RecordResult: {
            /** @description The call. */
            call: string | null;
            /** @description Whose. */
            level: components["schemas"]["FollowupLevel"];
            /** @description How. */
            mode: components["schemas"]["FollowupMode"];
            /** @description In words. */
            opinion: components["schemas"]["Text"];
            /** @description Its recording. */
            recording: string | null;
            /** @description 办理结果. */
            result: components["schemas"]["FollowupResult"];
            /** @description 满意程度. */
            satisfaction: components["schemas"]["Satisfaction"];
        };
        /** @description Sends the order down the tree of organs. Source: 7.7.1 b. */
        Redispatch: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
            /** @description A unit below. */
            to: string;
        };
        /** @description Hands the caller to an emergency or other line. Source: 3.1. */
        Refer: {
            /** @description Whether a life is in danger. */
            life_danger: boolean;
            /** @description Its number, as `110`. */
            line: string;
            /** @description What was said. */
            note: components["schemas"]["Text"];
            /** @description `connected`, `stayed` or `told`. */
            outcome: string;
            /** @description The partner's own number of the matter. */
            partner_number: string | null;
        };
        /** @description A field that differs from the version before. */
        ReferenceChange: {
            /** @description What it is; empty when it is no longer there. */
            after: string;
            /** @description What it was; empty when it was not there. */
            before: string;
            /** @description Which, as `organs.t130203.name`. */
            place: string;
        };
        /** @description A document of reference data. */
        ReferenceDocument: {
            /** @description Columns of its table, none when it has none. */
            columns: string[] | null;
            /** @description The document. */
            document: Record<string, never>;
            /**
             * @description `organs`, `categories`, `regions`, `rules`, `grids`, `grid_list`, `calendar`, `settings`, `emergency_lines`,
             *     `risky_words`.
             */
            kind: string;
            /**
             * Format: int64
             * @description 1, 2, 3 …; for `If-Match`.
             */
            version: number;
        };
        /** @description The versions of a kind. */
        ReferenceHistory: {
            /** @description Newest first, at most 100. */
            items: components["schemas"]["ReferenceVersion"][];
            /**
             * Format: int64
             * @description Give this as `before` for older ones; none when these are all.
             */
            next_before: number | null;
        };
        /** @description What a publication came to. */
        ReferencePublication: {
            /** @description Rows that are new. */
            added: string[];
            /** @description Fields that differ. */
            changed: components["schemas"]["ReferenceChange"][];
            /** @description Rows that are gone. */
            removed: string[];
            /** @description Hex SHA-256 of the document. */
            sha256: string;
            /**
             * Format: int64
             * @description The version that counts now.
             */
            version: number;
        };
        /** @description A published version. */
        ReferenceVersion: {
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
        /** @enum {string} */
        RefusalReason: "a" | "b" | "c" | "d" | "e" | "f";
        /** @description Does not accept the appeal. Source: 6.2. */
        Refuse: {
            /** @description With e: the concluded order. */
            concluded: string | null;
            /** @description By other channels than the telephone: the second person. */
            confirmed_by: string | null;
            /** @description Why, in words; always. */
            explanation: components["schemas"]["Text"];
            file: components["schemas"]["FileRef"] | null;
            procedure: components["schemas"]["Procedure"] | null;
            /** @description Which of the six. */
            reason: components["schemas"]["RefusalReason"];
            /** @description With b and c: the legal route that was told. */
            route: components["schemas"]["Text"];
        };
        /** @description A refusal in words. */
        RefuseAccount: {
            /** @description Why, 2 to 500 characters. */
            reason: string;
        };
        /** @description Opens a closed order again. Source: 7.7.1. */
        Reopen: {
            /** @description The new fact, or what was wrong. */
            reason: components["schemas"]["Text"];
        };
        /** @description A co-unit is done. Source: B.2. */
        ReplySub: {
            /** @description Evidence. */
            files: components["schemas"]["FileRef"][];
            /** @description What was done. */
            reply: components["schemas"]["Text"];
            /**
             * Format: int32
             * @description Which.
             */
            sub: number;
        };
        /** @description The unit answers a 督办. Source: 7.8.1. */
        ReplySupervision: {
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
            /** @description What was done. */
            reply: components["schemas"]["Text"];
        };
        /** @description The report with the problems found. Source: 7.1.5 b. */
        ReportHelp: {
            /** @description What was needed. */
            needs: components["schemas"]["Text"];
            /**
             * Format: int32
             * @description Which.
             */
            no: number;
            /** @description Problems found. */
            problems: components["schemas"]["Text"];
            /** @description What came of it. */
            result: components["schemas"]["Text"];
            /** @description What was done. */
            steps: components["schemas"]["Text"];
            /** @description Suggestions. */
            suggestions: components["schemas"]["Text"];
        };
        /** @enum {string} */
        ReturnReason: "not_our_duty" | "wrong_area" | "duplicate" | "incomplete" | "other";
        /** @description A caller's number in clear. */
        RevealedNumber: {
            /** @description The number. */
            number: string;
        };
        /** @description Numbers and codes of an order in clear. */
        RevealedTicket: {
            /** @description Who called. */
            caller: string;
            /** @description Another number to call back. */
            contact_phone: string;
            /** @description 统一社会信用代码. */
            credit_code: string;
        };
        /** @enum {string} */
        ReviewRule: "process" | "basis" | "result" | "next_steps" | "citation" | "wording" | "facts" | "contact" | "co_summary";
        /** @description The roles of an account. */
        RoleChange: {
            /** @description All of them, by code. */
            roles: string[];
        };
        /** @enum {string} */
        RouteBasis: "territory" | "industry" | "grid" | "arbitration" | "down" | "judgement";
        /** @description Where the rules would send an order. */
        RouteProposal: {
            /** @description Whom else a dispatcher might choose or ask to help. */
            alternatives: string[];
            /** @description `territory` or `industry`. */
            basis: string | null;
            /** @description The rule. */
            rule: string | null;
            /** @description 首接负责单位; none when the rules do not say: the matter is one for 会商定责. */
            unit: string | null;
            /** @description 机构名称. */
            unit_name: string;
        };
        /** @description A proposed rule. */
        RuleProposal: {
            /** @description 事件类型. */
            category: string;
            /** @description Its name with what is above it. */
            category_name: string;
            decided_at: components["schemas"]["Instant"] | null;
            /** @description Who decided. */
            decided_by: string | null;
            /** @description The order whose responsibility was fixed: the proposal's id. */
            id: string;
            /** @description Its number. */
            number: string;
            /** @description When. */
            proposed_at: components["schemas"]["Instant"];
            /** @description Who fixed the responsibility. */
            proposed_by: string;
            /** @description The region or street; none for all. */
            region: string | null;
            /**
             * Format: int64
             * @description The version of the rules that has it.
             */
            rules_version: number | null;
            /** @description `open`, `approved`, `refused`. */
            state: string;
            /** @description The primary unit. */
            unit: string;
            /** @description 机构名称. */
            unit_name: string;
        };
        /** @description Proposed rules. */
        RuleProposalPage: {
            /** @description Newest first. */
            items: components["schemas"]["RuleProposal"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @enum {string} */
        Satisfaction: "satisfied" | "unsatisfied" | "no_comment";
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
        /** @description Facts are missing: back to the agent. Source: 7.1.2. */
        SendBack: {
            /** @description What is missing. */
            reason: components["schemas"]["Text"];
        };
        /** @description The reply fails rules. Source: 7.5.2. */
        SendBackReply: {
            /** @description What is to be bettered. */
            reason: components["schemas"]["Text"];
            /** @description Which. */
            rules: components["schemas"]["ReviewRule"][];
        };
        /** @description Who one is. */
        Session: {
            /** @description The agent he works as. */
            agent: string | null;
            /** @description Whether the secrecy commitment is to be signed before anything of an appellant is shown. */
            commitment_due: boolean;
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
        /** @description Makes the order confidential, names its circle, or ends it. Source: 7.7.1. */
        SetCircle: {
            /** @description Who sees it. */
            circle: string[];
            /** @description Whether it is. */
            confidential: boolean;
            /** @description Why. */
            reason: components["schemas"]["Text"];
        };
        /** @description Sets a flag or takes it away. Source: 7.6. */
        SetFlag: {
            /** @description Which. */
            flag: components["schemas"]["Flag"];
            /** @description Set or taken away. */
            on: boolean;
            /** @description Why. */
            reason: components["schemas"]["Text"];
        };
        /** @description The unit signs. Source: 7.3. */
        Sign: Record<string, never>;
        /** @description A signature. */
        SignCommitment: {
            /** @description SHA-256 of the text that was read. */
            sha256: string;
            /**
             * Format: int64
             * @description The version that was read.
             */
            version: number;
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
        /** @description A co-unit signs its part. Source: B.2. */
        SignSub: {
            /**
             * Format: int32
             * @description Which.
             */
            sub: number;
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
        /** @description Submits the draft: it is accepted. Source: 7.1.2 a. */
        Submit: Record<string, never>;
        /** @description What a case is submitted with. */
        SubmitCase: {
            /** @description Why. */
            cause: components["schemas"]["KeyCause"];
            /** @description Its orders. */
            orders: string[];
            /** @description What happened and what is asked. */
            text?: components["schemas"]["Text"];
            /** @description In a few words. */
            title?: components["schemas"]["Text"];
            /** @description The units that are to rectify. */
            units: string[];
        };
        /** @description 督办 by hand. Source: 7.8.1. */
        Supervise: {
            /** @description Why. */
            cause: components["schemas"]["SupervisionCause"];
            /** @description What is demanded. */
            text: components["schemas"]["Text"];
        };
        /** @enum {string} */
        SupervisionCause: "a" | "b" | "c" | "d";
        /** @description Words somebody wrote: personal, never shown by `Debug`. */
        Text: string;
        /** @description A work order. */
        Ticket: {
            accepted_at: components["schemas"]["Instant"] | null;
            /** @description 详细地址; empty in lists. */
            address: string;
            /** @description Who writes it. */
            agent: string | null;
            /** @description 姓名. */
            agent_name: string;
            /** @description 诉求类别: `consult`, `help`, `complaint`, `report`, `praise`, `suggestion`. */
            appeal_type: string | null;
            /** @description 诉求人类别: `person`, `legal_person`, `organization`. */
            appellant_kind: string | null;
            /** @description Who called; empty in lists and when it was withheld or erased. */
            caller: string;
            /** @description Whether the numbers are in clear. */
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
            /** @description Where it came from: `phone`, or another channel of the site. */
            channel: string;
            /** @description The class of the limit. */
            class: string;
            closed_at: components["schemas"]["Instant"] | null;
            /** @description How it was closed. */
            closing: string | null;
            /** @description 企业名称; empty in lists. */
            company: string;
            /** @description Confidential: only its circle sees it. */
            confidential: boolean;
            /** @description Another number to call back; empty in lists. */
            contact_phone: string;
            /** @description When he may be called back; empty in lists. */
            contact_time: string;
            /** @description 诉求内容; empty in lists. */
            content: string;
            /** @description When it was opened. */
            created_at: components["schemas"]["Instant"];
            /** @description 统一社会信用代码; empty in lists. */
            credit_code: string;
            /**
             * Format: int32
             * @description The round of handling: 0 before the first dispatch.
             */
            cycle: number;
            /** @description 诉求人要求; empty in lists. */
            demand: string;
            dispatched_at: components["schemas"]["Instant"] | null;
            /** @description How it ended before dispatch: `answered`, `not_accepted`, `invalid`, `referred`, `merged`, `cancelled`. */
            ending: string | null;
            /** @description The reason, disposition, basis or line of that. */
            ending_code: string | null;
            /** @description Why it is not followed up. */
            exempt: string | null;
            /** @description The other platform's own number. */
            external: string | null;
            fed_back_at: components["schemas"]["Instant"] | null;
            /** @description Flags, as `enterprise`. */
            flags: string[];
            handler: components["schemas"]["OrganName"] | null;
            /** @description Its id. */
            id: string;
            /** @description The call it was opened by. */
            interaction: string | null;
            limit: components["schemas"]["Limit"] | null;
            /** @description The dialled line. */
            line: string | null;
            /** @description 线路名. */
            line_name: string;
            /** @description The order it repeats. */
            master: string | null;
            /**
             * Format: int32
             * @description 1: the first matter of its call; 2, 3 … the others.
             */
            matter: number;
            /** @description 诉求人姓名或称呼; empty in lists. */
            name: string;
            /** @description 工单编号, `YYYYMMDD` and six digits. */
            number: string;
            /** @description Its number in an older system. */
            old_number: string | null;
            parts: components["schemas"]["TicketParts"] | null;
            /** @description 地点: `none` (无地点), `at`, or absent while nothing is said. */
            place: string | null;
            /** @description The queue of the call. */
            queue: string | null;
            /** @description 队列名. */
            queue_name: string;
            /** @description Whether what was written was read back. */
            read_back: boolean;
            /** @description The recording of the call. */
            recording: string | null;
            /** @description 区域: a code of the tree. */
            region: string;
            /** @description Its names from the top down. */
            region_path: string;
            /**
             * Format: int32
             * @description How often it was opened again.
             */
            reopened: number;
            /** @description Whether he asks that his identity is kept secret. */
            secrecy: boolean;
            /** @description How much of it is shown: `listed`, `masked`, `matter`, `personal`, `whole`. */
            sight: string;
            signed_at: components["schemas"]["Instant"] | null;
            /** @description Where it stands, as `draft`, `pending_dispatch`, `handling`, `closed`. */
            state: string;
            submitted_at: components["schemas"]["Instant"] | null;
            /** @description 被反映对象 in words; empty in lists. */
            target: string;
            target_organ: components["schemas"]["OrganName"] | null;
            unit: components["schemas"]["OrganName"] | null;
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
        /** @description A file that hangs on an order. */
        TicketAttachment: {
            file: components["schemas"]["TicketFile"];
            name: string;
            /** @description `evidence`, `photo`, `reply`, `conclusion`, `other`. */
            purpose: string;
        };
        /** @description A try to follow up. */
        TicketAttempt: {
            at: components["schemas"]["Instant"];
            level: string;
            mode: string;
            reached: boolean;
        };
        /** @description A call that belongs to an order. */
        TicketCall: {
            interaction: string;
            purpose: string;
        };
        /** @description A clock of an order, running or ended. */
        TicketClock: {
            /** @description Against whom it counts: `unit`, `organ`, `seat`. */
            against: string;
            /** @description What it rests on. */
            basis: string;
            /**
             * Format: int32
             * @description The round.
             */
            cycle: number;
            deadline: components["schemas"]["Instant"] | null;
            /** @description How it ended; absent while it runs. */
            end: string | null;
            ended_at: components["schemas"]["Instant"] | null;
            first_deadline: components["schemas"]["Instant"] | null;
            /** @description What it waits for. */
            kind: string;
            /** @description Whether its deadline has passed before its end. */
            late: boolean;
            limit: components["schemas"]["Limit"] | null;
            /** @description The rule, as `5wd`. */
            rule: string;
            /** @description From when it counts. */
            start: components["schemas"]["Instant"];
            /**
             * Format: int32
             * @description The request, part or 督办 it is about; 0 for the order itself.
             */
            subject: number;
        };
        /** @description A talk of a unit with the appellant. */
        TicketContact: {
            at: components["schemas"]["Instant"];
            call: string | null;
            /** @description Whether an opinion was heard. */
            opinion: boolean;
            outcome: string;
            unit: components["schemas"]["OrganName"];
            way: string;
        };
        /** @description A round of handling. */
        TicketCycle: {
            /** @description Tries to follow up, the city's and the county's. */
            attempts: components["schemas"]["TicketAttempt"][];
            /** @description How the unit was found. */
            basis: string | null;
            city: components["schemas"]["TicketFollowup"] | null;
            class: string;
            /** @description Talks of units with the appellant. */
            contacts: components["schemas"]["TicketContact"][];
            county: components["schemas"]["TicketFollowup"] | null;
            dispatched_at: components["schemas"]["Instant"] | null;
            /** @description 不纳入考核; for the organ alone. */
            excluded: boolean;
            fed_back_at: components["schemas"]["Instant"] | null;
            fed_back_late: boolean;
            handler: components["schemas"]["OrganName"] | null;
            /** Format: int32 */
            no: number;
            /** @description Followed up by a person only. */
            only_person: boolean;
            /** @description Modes planned, in order. */
            plan: string[];
            /** @description What one officer proposed; for the organ alone. */
            proposed: string | null;
            reviewed_at: components["schemas"]["Instant"] | null;
            said_solved: boolean;
            /**
             * Format: int32
             * @description How often a reply was sent back.
             */
            sent_back: number;
            signed_at: components["schemas"]["Instant"] | null;
            signed_late: boolean;
            /** Format: int32 */
            stages: number;
            unit: components["schemas"]["OrganName"] | null;
            verdict: string | null;
        };
        /** @description What is to be taken out. */
        TicketExport: {
            /** @description Which orders, as in the list; `cursor` and `interaction` are not for here, `limit` is 1 to 5000, which is what counts when nothing is said. */
            filter?: components["schemas"]["TicketQuery"];
            /** @description `csv` or `json`. */
            format: string;
            /** @description What for, 2 to 200 characters. */
            purpose: string;
        };
        /** @description A file by its content, as commands name it. */
        TicketFile: {
            /**
             * Format: int64
             * @description Length.
             */
            bytes: number;
            /** @description Its id. */
            id: string;
            /** @description As `image/jpeg`. */
            media_type: string;
            /** @description SHA-256 of its bytes, hex. */
            sha256: string;
        };
        /** @description The appellant's word. */
        TicketFollowup: {
            at: components["schemas"]["Instant"];
            mode: string;
            reached: boolean;
            /** @description 办理结果. */
            result: string;
            /** @description 满意程度. */
            satisfaction: string;
        };
        /** @description A 帮办. */
        TicketHelp: {
            at: components["schemas"]["Instant"];
            departments: components["schemas"]["OrganName"][];
            /** Format: int32 */
            no: number;
            seat: string | null;
            state: string;
        };
        /** @description What happened to an order. */
        TicketHistory: {
            /** @description Oldest first. */
            items: components["schemas"]["HistoryEntry"][];
        };
        /** @description A page of work orders. */
        TicketPage: {
            /** @description Whether a search stopped before its end because it opened as many orders as one request may. */
            bounded: boolean;
            /** @description Newest first, personal fields empty. */
            items: components["schemas"]["Ticket"][];
            /** @description The cursor of the next page. */
            next: string | null;
        };
        /** @description What hangs on an order. */
        TicketParts: {
            /** @description Calls that belong to it, each with its purpose. */
            calls: components["schemas"]["TicketCall"][];
            /** @description 重点督办 cases that are open. */
            cases: string[];
            /** @description Who sees a confidential order, by account. */
            circle: string[];
            /** @description Clocks, oldest first. */
            clocks: components["schemas"]["TicketClock"][];
            /** @description Rounds of handling, oldest first. */
            cycles: components["schemas"]["TicketCycle"][];
            /** @description Files. */
            files: components["schemas"]["TicketAttachment"][];
            /** @description 终审派单: no return. */
            final_unit: boolean;
            /** @description 帮办. */
            helps: components["schemas"]["TicketHelp"][];
            /**
             * Format: int32
             * @description 批示.
             */
            instructions: number;
            /** @description Orders merged into this one. */
            repeats: string[];
            /** @description Returns, extensions, co-handling, oldest first. */
            requests: components["schemas"]["TicketRequest"][];
            /** @description Co-units' parts. */
            subs: components["schemas"]["TicketSub"][];
            /** @description 督办. */
            supervisions: components["schemas"]["TicketSupervision"][];
            /** @description 催办. */
            urges: components["schemas"]["TicketUrge"][];
            /** @description How often the caller was warned. */
            warned: number;
            /** @description Words by name, as `reply.1.result`; those not shown to the reader are left out. */
            words: {
                [key: string]: string;
            };
        };
        /** @description Which work orders. */
        TicketQuery: {
            /**
             * @description `me` or an agent's id.
             * @default null
             */
            agent: string | null;
            /**
             * @description 事件类型: a code; those below it count.
             * @default null
             */
            category: string | null;
            /**
             * @description The channel, as `phone`.
             * @default null
             */
            channel: string | null;
            /**
             * @description Only confidential ones, or only others.
             * @default null
             */
            confidential: boolean | null;
            /**
             * @description `next` of the page before.
             * @default null
             */
            cursor: string | null;
            /**
             * @description `today` or YYYY-MM-DD.
             * @default null
             */
            day: string | null;
            /**
             * @description `near` (within one working day) or `overdue`.
             * @default null
             */
            due: string | null;
            /**
             * @description A flag.
             * @default null
             */
            flag: string | null;
            /**
             * @description First day, YYYY-MM-DD.
             * @default null
             */
            from: string | null;
            /**
             * @description `me`, or an organ that handles it now.
             * @default null
             */
            handler: string | null;
            /**
             * @description The orders of this call; the others do not narrow then.
             * @default null
             */
            interaction: string | null;
            /**
             * @description 诉求类别.
             * @default null
             */
            kind: string | null;
            /**
             * Format: int32
             * @description Rows, 1 to 500; 100 when nothing is said.
             * @default null
             */
            limit: number | null;
            /**
             * @description A whole order number.
             * @default null
             */
            number: string | null;
            /**
             * @description 区域: a code; those below it count.
             * @default null
             */
            region: string | null;
            /**
             * @description States, with commas between them.
             * @default null
             */
            state: string | null;
            /**
             * @description Last day, YYYY-MM-DD.
             * @default null
             */
            to: string | null;
            /**
             * @description An organ that has the order or a part of it, with those below it.
             * @default null
             */
            unit: string | null;
            /**
             * @description 紧急程度.
             * @default null
             */
            urgency: string | null;
        };
        /** @description A work order's id and number. */
        TicketRef: {
            /** @description Its id. */
            id: string;
            /** @description 工单编号. */
            number: string;
        };
        /** @description A return, an extension or a co-handling that was asked for. */
        TicketRequest: {
            at: components["schemas"]["Instant"];
            complex: boolean;
            /** Format: int32 */
            cycle: number;
            decided_at: components["schemas"]["Instant"] | null;
            decided_late: boolean;
            files: components["schemas"]["TicketFile"][];
            /** Format: int32 */
            no: number;
            /** @description Return: why. */
            reason: string | null;
            state: string;
            /**
             * Format: int32
             * @description A co-unit's part that it is about.
             */
            sub: number | null;
            unit: components["schemas"]["OrganName"];
            units: components["schemas"]["OrganName"][];
            until: components["schemas"]["Instant"] | null;
            what: string;
        };
        /** @description What is looked for in orders; the personal part of a question. */
        TicketSearch: {
            /** @description What else narrows. */
            filter?: components["schemas"]["TicketQuery"];
            /** @description Its last four digits. */
            last4?: string | null;
            /** @description A whole number in any usual form: the caller's, or one to call back. */
            phone?: string | null;
            /** @description Words that must all stand in the order. */
            text?: string | null;
        };
        /** @description A co-unit's part. */
        TicketSub: {
            at: components["schemas"]["Instant"];
            /** Format: int32 */
            cycle: number;
            done_late: boolean;
            /** Format: int32 */
            no: number;
            signed_late: boolean;
            state: string;
            unit: components["schemas"]["OrganName"];
        };
        /** @description A 督办. */
        TicketSupervision: {
            at: components["schemas"]["Instant"];
            automatic: boolean;
            cause: string;
            /** Format: int32 */
            cycle: number;
            /** Format: int32 */
            no: number;
            state: string;
            unit: components["schemas"]["OrganName"];
        };
        /** @description A 催办. */
        TicketUrge: {
            at: components["schemas"]["Instant"];
            by: string;
            /** @description Whether the unit was told. */
            told: boolean;
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
        /** @description What is being written down. */
        TypedAppeal: {
            /**
             * @description 事件类型, if chosen.
             * @default null
             */
            category: string | null;
            /**
             * @description 诉求内容 so far.
             * @default
             */
            content: string;
            /**
             * @description The call, for its number.
             * @default null
             */
            interaction: string | null;
            /**
             * @description 区域, if chosen.
             * @default null
             */
            region: string | null;
        };
        /** @description A possible first unit. */
        UnitGuess: {
            /**
             * Format: int32
             * @description The confidence of the event types that lead to it, percent.
             */
            confidence: number;
            /** @description Codes of the explanation. */
            reasons: string[];
            /** @description The routing rule. */
            rule: string | null;
            /** @description Its code. */
            unit: string;
        };
        /** @description A merge did not stand. Source: 7.1.4 c. */
        Unmerge: {
            /** @description Why. */
            reason: components["schemas"]["Text"];
        };
        /** @description Asks for haste (催办). Source: 7.8. */
        Urge: {
            /** @description Who. */
            by: components["schemas"]["UrgedBy"];
            /** @description In words. */
            text: components["schemas"]["Text"];
        };
        /** @enum {string} */
        UrgedBy: "appellant" | "agent" | "organ";
        /** @enum {string} */
        Urgency: "normal" | "urgent" | "critical";
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
        /** @enum {string} */
        Verdict: "rework" | "close";
        /** @description Says one of the two phrases to somebody who harasses. Source: A. */
        WarnCaller: {
            /**
             * Format: int32
             * @description 1 or 2.
             */
            step: number;
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
