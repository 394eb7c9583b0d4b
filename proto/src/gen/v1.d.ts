import * as $protobuf from "protobufjs";

export namespace threatguard {

    namespace v1 {

        enum Severity {
            SEVERITY_UNSPECIFIED = 0,
            INFORMATIONAL = 1,
            LOW = 2,
            MEDIUM = 3,
            HIGH = 4,
            CRITICAL = 5
        }

        enum AlertState {
            ALERT_STATE_UNSPECIFIED = 0,
            OPEN = 1,
            ACKNOWLEDGED = 2,
            CLOSED = 3
        }

        enum AlertVerdict {
            ALERT_VERDICT_UNSPECIFIED = 0,
            TRUE_POSITIVE = 1,
            FALSE_POSITIVE = 2,
            BENIGN = 3
        }

        interface IDetection extends threatguard.v1.Detection.$Properties {
        }

        class Detection {
            constructor(properties?: threatguard.v1.Detection.$Properties);
            $unknowns?: Uint8Array[];
            ruleId: string;
            ruleTitle: string;
            severity: threatguard.v1.Severity;
            techniques: string[];
            tactics: string[];
            reason: string;
            values: { [k: string]: string };
            events: threatguard.v1.EventReference[];
            firstAtUs: number;
            lastAtUs: number;
            agentId: string;
            entity: string;
            modelReason: threatguard.v1.ModelReason;
            simulated: boolean;
            verdict: threatguard.v1.Verdict;
            verdictBy: string;
            static create(properties: threatguard.v1.Detection.$Shape): threatguard.v1.Detection & threatguard.v1.Detection.$Shape;
            static create(properties?: threatguard.v1.Detection.$Properties): threatguard.v1.Detection;
            static encode(message: threatguard.v1.Detection.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Detection & threatguard.v1.Detection.$Shape;
        }

        namespace Detection {
            interface $Properties {
                ruleId?: string;
                ruleTitle?: string;
                severity?: threatguard.v1.Severity;
                techniques?: string[];
                tactics?: string[];
                reason?: string;
                values?: { [k: string]: string };
                events?: threatguard.v1.EventReference.$Properties[];
                firstAtUs?: number;
                lastAtUs?: number;
                agentId?: string;
                entity?: string;
                modelReason?: threatguard.v1.ModelReason.$Properties;
                simulated?: boolean;
                verdict?: threatguard.v1.Verdict;
                verdictBy?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Detection.$Properties;
        }

        enum Verdict {
            VERDICT_ALERTED = 0,
            VERDICT_EXCEPTED = 1,
            VERDICT_SUPPRESSED = 2,
            VERDICT_SIMULATED = 3
        }

        interface IEventReference extends threatguard.v1.EventReference.$Properties {
        }

        class EventReference {
            constructor(properties?: threatguard.v1.EventReference.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            streamId: Uint8Array;
            sequence: number;
            index: number;
            static create(properties: threatguard.v1.EventReference.$Shape): threatguard.v1.EventReference & threatguard.v1.EventReference.$Shape;
            static create(properties?: threatguard.v1.EventReference.$Properties): threatguard.v1.EventReference;
            static encode(message: threatguard.v1.EventReference.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EventReference & threatguard.v1.EventReference.$Shape;
        }

        namespace EventReference {
            interface $Properties {
                agentId?: string;
                streamId?: Uint8Array;
                sequence?: number;
                index?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EventReference.$Properties;
        }

        interface IAlert extends threatguard.v1.Alert.$Properties {
        }

        class Alert {
            constructor(properties?: threatguard.v1.Alert.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            ruleId: string;
            title: string;
            severity: threatguard.v1.Severity;
            state: threatguard.v1.AlertState;
            techniques: string[];
            tactics: string[];
            reason: string;
            values: { [k: string]: string };
            agentId: string;
            agentName: string;
            entity: string;
            count: number;
            firstAtUs: number;
            lastAtUs: number;
            raisedAtUs: number;
            updatedAtUs: number;
            events: threatguard.v1.EventReference[];
            revision: number;
            observedRatio: number;
            modelReason: threatguard.v1.ModelReason;
            risk: number;
            withheld: boolean;
            assignee: string;
            verdict: threatguard.v1.AlertVerdict;
            triage: threatguard.v1.TriageScore;
            triageVersion: number;
            static create(properties: threatguard.v1.Alert.$Shape): threatguard.v1.Alert & threatguard.v1.Alert.$Shape;
            static create(properties?: threatguard.v1.Alert.$Properties): threatguard.v1.Alert;
            static encode(message: threatguard.v1.Alert.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Alert & threatguard.v1.Alert.$Shape;
        }

        namespace Alert {
            interface $Properties {
                id?: string;
                ruleId?: string;
                title?: string;
                severity?: threatguard.v1.Severity;
                state?: threatguard.v1.AlertState;
                techniques?: string[];
                tactics?: string[];
                reason?: string;
                values?: { [k: string]: string };
                agentId?: string;
                agentName?: string;
                entity?: string;
                count?: number;
                firstAtUs?: number;
                lastAtUs?: number;
                raisedAtUs?: number;
                updatedAtUs?: number;
                events?: threatguard.v1.EventReference.$Properties[];
                revision?: number;
                observedRatio?: number;
                modelReason?: threatguard.v1.ModelReason.$Properties;
                risk?: number;
                withheld?: boolean;
                assignee?: string;
                verdict?: threatguard.v1.AlertVerdict;
                triage?: threatguard.v1.TriageScore.$Properties;
                triageVersion?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Alert.$Properties;
        }

        interface ISignedAlert extends threatguard.v1.SignedAlert.$Properties {
        }

        class SignedAlert {
            constructor(properties?: threatguard.v1.SignedAlert.$Properties);
            $unknowns?: Uint8Array[];
            alert: Uint8Array;
            signature: Uint8Array;
            signingKeyId: Uint8Array;
            static create(properties: threatguard.v1.SignedAlert.$Shape): threatguard.v1.SignedAlert & threatguard.v1.SignedAlert.$Shape;
            static create(properties?: threatguard.v1.SignedAlert.$Properties): threatguard.v1.SignedAlert;
            static encode(message: threatguard.v1.SignedAlert.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SignedAlert & threatguard.v1.SignedAlert.$Shape;
        }

        namespace SignedAlert {
            interface $Properties {
                alert?: Uint8Array;
                signature?: Uint8Array;
                signingKeyId?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SignedAlert.$Properties;
        }

        interface IStoredEvent extends threatguard.v1.StoredEvent.$Properties {
        }

        class StoredEvent {
            constructor(properties?: threatguard.v1.StoredEvent.$Properties);
            $unknowns?: Uint8Array[];
            reference: threatguard.v1.EventReference;
            event: threatguard.v1.HostEvent;
            agentName: string;
            receivedAtUs: number;
            eventAtUs: number;
            labels: { [k: string]: string };
            static create(properties: threatguard.v1.StoredEvent.$Shape): threatguard.v1.StoredEvent & threatguard.v1.StoredEvent.$Shape;
            static create(properties?: threatguard.v1.StoredEvent.$Properties): threatguard.v1.StoredEvent;
            static encode(message: threatguard.v1.StoredEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.StoredEvent & threatguard.v1.StoredEvent.$Shape;
        }

        namespace StoredEvent {
            interface $Properties {
                reference?: threatguard.v1.EventReference.$Properties;
                event?: threatguard.v1.HostEvent.$Properties;
                agentName?: string;
                receivedAtUs?: number;
                eventAtUs?: number;
                labels?: { [k: string]: string };
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.StoredEvent.$Properties;
        }

        enum EventClass {
            EVENT_CLASS_UNSPECIFIED = 0,
            AUTHENTICATION = 1,
            PROCESS = 2,
            NETWORK = 3,
            FILE = 4,
            ACCOUNT = 5,
            HOST = 6
        }

        enum Activity {
            ACTIVITY_UNSPECIFIED = 0,
            LOGON = 1,
            LOGOFF = 2,
            PRIVILEGE = 3,
            PREAUTH_CLOSED = 4,
            EXEC = 10,
            EXIT = 11,
            CREDENTIALS_CHANGED = 12,
            TRACED = 13,
            CONNECTION_OPENED = 20,
            CONNECTION_CLOSED = 21,
            LISTENING = 22,
            DNS_QUERY = 23,
            FILE_CREATED = 30,
            FILE_MODIFIED = 31,
            FILE_DELETED = 32,
            FILE_ATTRIBUTES = 33,
            USER_CREATED = 40,
            USER_DELETED = 41,
            USER_MODIFIED = 42,
            GROUP_CREATED = 43,
            GROUP_DELETED = 44,
            GROUP_MODIFIED = 45,
            PASSWORD_CHANGED = 46,
            SAMPLE = 50,
            SERVICE_STARTED = 51,
            SERVICE_STOPPED = 52,
            AUDIT_CONFIG = 53,
            INVENTORY_CHANGED = 54
        }

        enum Outcome {
            OUTCOME_UNSPECIFIED = 0,
            SUCCESS = 1,
            FAILURE = 2
        }

        interface IHostEvent extends threatguard.v1.HostEvent.$Properties {
        }

        class HostEvent {
            constructor(properties?: threatguard.v1.HostEvent.$Properties);
            $unknowns?: Uint8Array[];
            observedAtUs: number;
            class: threatguard.v1.EventClass;
            activity: threatguard.v1.Activity;
            outcome: threatguard.v1.Outcome;
            sensor: string;
            user: threatguard.v1.User;
            targetUser: threatguard.v1.User;
            process: threatguard.v1.Process;
            network: threatguard.v1.Network;
            file: threatguard.v1.File;
            authentication: threatguard.v1.Authentication;
            host: threatguard.v1.HostSample;
            original: string;
            missing: string[];
            serviceName: string;
            targetProcess: threatguard.v1.Process;
            inventory: threatguard.v1.Inventory;
            static create(properties: threatguard.v1.HostEvent.$Shape): threatguard.v1.HostEvent & threatguard.v1.HostEvent.$Shape;
            static create(properties?: threatguard.v1.HostEvent.$Properties): threatguard.v1.HostEvent;
            static encode(message: threatguard.v1.HostEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.HostEvent & threatguard.v1.HostEvent.$Shape;
        }

        namespace HostEvent {
            interface $Properties {
                observedAtUs?: number;
                "class"?: threatguard.v1.EventClass;
                activity?: threatguard.v1.Activity;
                outcome?: threatguard.v1.Outcome;
                sensor?: string;
                user?: threatguard.v1.User.$Properties;
                targetUser?: threatguard.v1.User.$Properties;
                process?: threatguard.v1.Process.$Properties;
                network?: threatguard.v1.Network.$Properties;
                file?: threatguard.v1.File.$Properties;
                authentication?: threatguard.v1.Authentication.$Properties;
                host?: threatguard.v1.HostSample.$Properties;
                original?: string;
                missing?: string[];
                serviceName?: string;
                targetProcess?: threatguard.v1.Process.$Properties;
                inventory?: threatguard.v1.Inventory.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.HostEvent.$Properties;
        }

        interface IUser extends threatguard.v1.User.$Properties {
        }

        class User {
            constructor(properties?: threatguard.v1.User.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            id: (number|null);
            groupName: string;
            groupId: (number|null);
            home: string;
            shell: string;
            static create(properties: threatguard.v1.User.$Shape): threatguard.v1.User & threatguard.v1.User.$Shape;
            static create(properties?: threatguard.v1.User.$Properties): threatguard.v1.User;
            static encode(message: threatguard.v1.User.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.User & threatguard.v1.User.$Shape;
        }

        namespace User {
            interface $Properties {
                name?: string;
                id?: (number|null);
                groupName?: string;
                groupId?: (number|null);
                home?: string;
                shell?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.User.$Properties;
        }

        interface IProcess extends threatguard.v1.Process.$Properties {
        }

        class Process {
            constructor(properties?: threatguard.v1.Process.$Properties);
            $unknowns?: Uint8Array[];
            pid: number;
            parentPid: number;
            name: string;
            executable: string;
            args: string[];
            workingDirectory: string;
            parentName: string;
            parentExecutable: string;
            parentArgs: string[];
            loginUid: (number|null);
            sessionId: (number|null);
            cgroup: string;
            containerId: string;
            exitCode: (number|null);
            startAtUs: number;
            stdioSockets: threatguard.v1.StdioSocket[];
            argsTruncated: boolean;
            tty: string;
            deletedExecutable: boolean;
            effectiveUserId: (number|null);
            effectiveGroupId: (number|null);
            capabilities: (number|null);
            executableInode: number;
            executableSha256: string;
            memoryExecutable: boolean;
            previousUserId: (number|null);
            previousCapabilities: (number|null);
            static create(properties: threatguard.v1.Process.$Shape): threatguard.v1.Process & threatguard.v1.Process.$Shape;
            static create(properties?: threatguard.v1.Process.$Properties): threatguard.v1.Process;
            static encode(message: threatguard.v1.Process.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Process & threatguard.v1.Process.$Shape;
        }

        namespace Process {
            interface $Properties {
                pid?: number;
                parentPid?: number;
                name?: string;
                executable?: string;
                args?: string[];
                workingDirectory?: string;
                parentName?: string;
                parentExecutable?: string;
                parentArgs?: string[];
                loginUid?: (number|null);
                sessionId?: (number|null);
                cgroup?: string;
                containerId?: string;
                exitCode?: (number|null);
                startAtUs?: number;
                stdioSockets?: threatguard.v1.StdioSocket.$Properties[];
                argsTruncated?: boolean;
                tty?: string;
                deletedExecutable?: boolean;
                effectiveUserId?: (number|null);
                effectiveGroupId?: (number|null);
                capabilities?: (number|null);
                executableInode?: number;
                executableSha256?: string;
                memoryExecutable?: boolean;
                previousUserId?: (number|null);
                previousCapabilities?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Process.$Properties;
        }

        interface IStdioSocket extends threatguard.v1.StdioSocket.$Properties {
        }

        class StdioSocket {
            constructor(properties?: threatguard.v1.StdioSocket.$Properties);
            $unknowns?: Uint8Array[];
            descriptor: number;
            family: string;
            localAddress: string;
            localPort: number;
            remoteAddress: string;
            remotePort: number;
            static create(properties: threatguard.v1.StdioSocket.$Shape): threatguard.v1.StdioSocket & threatguard.v1.StdioSocket.$Shape;
            static create(properties?: threatguard.v1.StdioSocket.$Properties): threatguard.v1.StdioSocket;
            static encode(message: threatguard.v1.StdioSocket.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.StdioSocket & threatguard.v1.StdioSocket.$Shape;
        }

        namespace StdioSocket {
            interface $Properties {
                descriptor?: number;
                family?: string;
                localAddress?: string;
                localPort?: number;
                remoteAddress?: string;
                remotePort?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.StdioSocket.$Properties;
        }

        enum Direction {
            DIRECTION_UNSPECIFIED = 0,
            INBOUND = 1,
            OUTBOUND = 2
        }

        interface INetwork extends threatguard.v1.Network.$Properties {
        }

        class Network {
            constructor(properties?: threatguard.v1.Network.$Properties);
            $unknowns?: Uint8Array[];
            transport: string;
            direction: threatguard.v1.Direction;
            sourceAddress: string;
            sourcePort: number;
            destinationAddress: string;
            destinationPort: number;
            bytesSent: number;
            bytesReceived: number;
            durationUs: number;
            questionName: string;
            questionType: string;
            answers: string[];
            static create(properties: threatguard.v1.Network.$Shape): threatguard.v1.Network & threatguard.v1.Network.$Shape;
            static create(properties?: threatguard.v1.Network.$Properties): threatguard.v1.Network;
            static encode(message: threatguard.v1.Network.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Network & threatguard.v1.Network.$Shape;
        }

        namespace Network {
            interface $Properties {
                transport?: string;
                direction?: threatguard.v1.Direction;
                sourceAddress?: string;
                sourcePort?: number;
                destinationAddress?: string;
                destinationPort?: number;
                bytesSent?: number;
                bytesReceived?: number;
                durationUs?: number;
                questionName?: string;
                questionType?: string;
                answers?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Network.$Properties;
        }

        interface IFile extends threatguard.v1.File.$Properties {
        }

        class File {
            constructor(properties?: threatguard.v1.File.$Properties);
            $unknowns?: Uint8Array[];
            path: string;
            previousSha256: string;
            sha256: string;
            size: number;
            mode: number;
            ownerId: (number|null);
            groupId: (number|null);
            addedLines: string[];
            removedLines: string[];
            count: number;
            previousMode: number;
            previousOwnerId: (number|null);
            previousGroupId: (number|null);
            static create(properties: threatguard.v1.File.$Shape): threatguard.v1.File & threatguard.v1.File.$Shape;
            static create(properties?: threatguard.v1.File.$Properties): threatguard.v1.File;
            static encode(message: threatguard.v1.File.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.File & threatguard.v1.File.$Shape;
        }

        namespace File {
            interface $Properties {
                path?: string;
                previousSha256?: string;
                sha256?: string;
                size?: number;
                mode?: number;
                ownerId?: (number|null);
                groupId?: (number|null);
                addedLines?: string[];
                removedLines?: string[];
                count?: number;
                previousMode?: number;
                previousOwnerId?: (number|null);
                previousGroupId?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.File.$Properties;
        }

        interface IInventory extends threatguard.v1.Inventory.$Properties {
        }

        class Inventory {
            constructor(properties?: threatguard.v1.Inventory.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            added: string[];
            removed: string[];
            total: number;
            static create(properties: threatguard.v1.Inventory.$Shape): threatguard.v1.Inventory & threatguard.v1.Inventory.$Shape;
            static create(properties?: threatguard.v1.Inventory.$Properties): threatguard.v1.Inventory;
            static encode(message: threatguard.v1.Inventory.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Inventory & threatguard.v1.Inventory.$Shape;
        }

        namespace Inventory {
            interface $Properties {
                kind?: string;
                added?: string[];
                removed?: string[];
                total?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Inventory.$Properties;
        }

        interface IAuthentication extends threatguard.v1.Authentication.$Properties {
        }

        class Authentication {
            constructor(properties?: threatguard.v1.Authentication.$Properties);
            $unknowns?: Uint8Array[];
            method: string;
            sourceAddress: string;
            sourcePort: number;
            keyFingerprint: string;
            invalidUser: boolean;
            tty: string;
            command: string;
            reason: string;
            count: number;
            static create(properties: threatguard.v1.Authentication.$Shape): threatguard.v1.Authentication & threatguard.v1.Authentication.$Shape;
            static create(properties?: threatguard.v1.Authentication.$Properties): threatguard.v1.Authentication;
            static encode(message: threatguard.v1.Authentication.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Authentication & threatguard.v1.Authentication.$Shape;
        }

        namespace Authentication {
            interface $Properties {
                method?: string;
                sourceAddress?: string;
                sourcePort?: number;
                keyFingerprint?: string;
                invalidUser?: boolean;
                tty?: string;
                command?: string;
                reason?: string;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Authentication.$Properties;
        }

        interface IHostSample extends threatguard.v1.HostSample.$Properties {
        }

        class HostSample {
            constructor(properties?: threatguard.v1.HostSample.$Properties);
            $unknowns?: Uint8Array[];
            osName: string;
            osVersion: string;
            kernel: string;
            cpuPercent: number;
            memoryUsedBytes: number;
            memoryTotalBytes: number;
            diskUsedBytes: number;
            diskTotalBytes: number;
            load1: number;
            clockOffsetUs: (number|null);
            static create(properties: threatguard.v1.HostSample.$Shape): threatguard.v1.HostSample & threatguard.v1.HostSample.$Shape;
            static create(properties?: threatguard.v1.HostSample.$Properties): threatguard.v1.HostSample;
            static encode(message: threatguard.v1.HostSample.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.HostSample & threatguard.v1.HostSample.$Shape;
        }

        namespace HostSample {
            interface $Properties {
                osName?: string;
                osVersion?: string;
                kernel?: string;
                cpuPercent?: number;
                memoryUsedBytes?: number;
                memoryTotalBytes?: number;
                diskUsedBytes?: number;
                diskTotalBytes?: number;
                load1?: number;
                clockOffsetUs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.HostSample.$Properties;
        }

        interface IFeatureReason extends threatguard.v1.FeatureReason.$Properties {
        }

        class FeatureReason {
            constructor(properties?: threatguard.v1.FeatureReason.$Properties);
            $unknowns?: Uint8Array[];
            feature: string;
            unit: string;
            value: string;
            observed: number;
            usual: number;
            usualLow: number;
            usualHigh: number;
            peersLow: number;
            peersHigh: number;
            peers: number;
            peersWith: number;
            timesSeen: number;
            timesSeenMore: boolean;
            days: number;
            surprise: number;
            sentence: string;
            after: string[];
            usually: string[];
            timesPossible: number;
            static create(properties: threatguard.v1.FeatureReason.$Shape): threatguard.v1.FeatureReason & threatguard.v1.FeatureReason.$Shape;
            static create(properties?: threatguard.v1.FeatureReason.$Properties): threatguard.v1.FeatureReason;
            static encode(message: threatguard.v1.FeatureReason.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.FeatureReason & threatguard.v1.FeatureReason.$Shape;
        }

        namespace FeatureReason {
            interface $Properties {
                feature?: string;
                unit?: string;
                value?: string;
                observed?: number;
                usual?: number;
                usualLow?: number;
                usualHigh?: number;
                peersLow?: number;
                peersHigh?: number;
                peers?: number;
                peersWith?: number;
                timesSeen?: number;
                timesSeenMore?: boolean;
                days?: number;
                surprise?: number;
                sentence?: string;
                after?: string[];
                usually?: string[];
                timesPossible?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.FeatureReason.$Properties;
        }

        interface IModelVote extends threatguard.v1.ModelVote.$Properties {
        }

        class ModelVote {
            constructor(properties?: threatguard.v1.ModelVote.$Properties);
            $unknowns?: Uint8Array[];
            model: string;
            version: number;
            surprise: number;
            agrees: boolean;
            static create(properties: threatguard.v1.ModelVote.$Shape): threatguard.v1.ModelVote & threatguard.v1.ModelVote.$Shape;
            static create(properties?: threatguard.v1.ModelVote.$Properties): threatguard.v1.ModelVote;
            static encode(message: threatguard.v1.ModelVote.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ModelVote & threatguard.v1.ModelVote.$Shape;
        }

        namespace ModelVote {
            interface $Properties {
                model?: string;
                version?: number;
                surprise?: number;
                agrees?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ModelVote.$Properties;
        }

        interface IModelReason extends threatguard.v1.ModelReason.$Properties {
        }

        class ModelReason {
            constructor(properties?: threatguard.v1.ModelReason.$Properties);
            $unknowns?: Uint8Array[];
            entityKind: string;
            entity: string;
            hourAtUs: number;
            score: number;
            threshold: number;
            votes: threatguard.v1.ModelVote[];
            features: threatguard.v1.FeatureReason[];
            static create(properties: threatguard.v1.ModelReason.$Shape): threatguard.v1.ModelReason & threatguard.v1.ModelReason.$Shape;
            static create(properties?: threatguard.v1.ModelReason.$Properties): threatguard.v1.ModelReason;
            static encode(message: threatguard.v1.ModelReason.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ModelReason & threatguard.v1.ModelReason.$Shape;
        }

        namespace ModelReason {
            interface $Properties {
                entityKind?: string;
                entity?: string;
                hourAtUs?: number;
                score?: number;
                threshold?: number;
                votes?: threatguard.v1.ModelVote.$Properties[];
                features?: threatguard.v1.FeatureReason.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ModelReason.$Properties;
        }

        interface ITriageScore extends threatguard.v1.TriageScore.$Properties {
        }

        class TriageScore {
            constructor(properties?: threatguard.v1.TriageScore.$Properties);
            $unknowns?: Uint8Array[];
            probability: number;
            verdicts: number;
            verdictsNeeded: number;
            features: threatguard.v1.TriageFeature[];
            modelVersion: number;
            sentence: string;
            static create(properties: threatguard.v1.TriageScore.$Shape): threatguard.v1.TriageScore & threatguard.v1.TriageScore.$Shape;
            static create(properties?: threatguard.v1.TriageScore.$Properties): threatguard.v1.TriageScore;
            static encode(message: threatguard.v1.TriageScore.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TriageScore & threatguard.v1.TriageScore.$Shape;
        }

        namespace TriageScore {
            interface $Properties {
                probability?: number;
                verdicts?: number;
                verdictsNeeded?: number;
                features?: threatguard.v1.TriageFeature.$Properties[];
                modelVersion?: number;
                sentence?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TriageScore.$Properties;
        }

        interface ITriageFeature extends threatguard.v1.TriageFeature.$Properties {
        }

        class TriageFeature {
            constructor(properties?: threatguard.v1.TriageFeature.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            value: string;
            effect: number;
            sentence: string;
            static create(properties: threatguard.v1.TriageFeature.$Shape): threatguard.v1.TriageFeature & threatguard.v1.TriageFeature.$Shape;
            static create(properties?: threatguard.v1.TriageFeature.$Properties): threatguard.v1.TriageFeature;
            static encode(message: threatguard.v1.TriageFeature.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TriageFeature & threatguard.v1.TriageFeature.$Shape;
        }

        namespace TriageFeature {
            interface $Properties {
                name?: string;
                value?: string;
                effect?: number;
                sentence?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TriageFeature.$Properties;
        }

        interface IModelSummary extends threatguard.v1.ModelSummary.$Properties {
        }

        class ModelSummary {
            constructor(properties?: threatguard.v1.ModelSummary.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            version: number;
            state: string;
            trainedAtUs: number;
            rows: number;
            fromUs: number;
            toUs: number;
            digest: string;
            alertsLastWeek: number;
            alertsAllowed: number;
            notice: string;
            static create(properties: threatguard.v1.ModelSummary.$Shape): threatguard.v1.ModelSummary & threatguard.v1.ModelSummary.$Shape;
            static create(properties?: threatguard.v1.ModelSummary.$Properties): threatguard.v1.ModelSummary;
            static encode(message: threatguard.v1.ModelSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ModelSummary & threatguard.v1.ModelSummary.$Shape;
        }

        namespace ModelSummary {
            interface $Properties {
                name?: string;
                version?: number;
                state?: string;
                trainedAtUs?: number;
                rows?: number;
                fromUs?: number;
                toUs?: number;
                digest?: string;
                alertsLastWeek?: number;
                alertsAllowed?: number;
                notice?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ModelSummary.$Properties;
        }

        interface ILearningState extends threatguard.v1.LearningState.$Properties {
        }

        class LearningState {
            constructor(properties?: threatguard.v1.LearningState.$Properties);
            $unknowns?: Uint8Array[];
            learnedDays: number;
            neededDays: number;
            hosts: number;
            users: number;
            accounts: number;
            programs: number;
            peerGroups: number;
            alertsPerHostDay: number;
            entitiesEvicted: number;
            eventsLate: number;
            hoursStored: number;
            verdictsTrue: number;
            verdictsOther: number;
            verdictsNeeded: number;
            static create(properties: threatguard.v1.LearningState.$Shape): threatguard.v1.LearningState & threatguard.v1.LearningState.$Shape;
            static create(properties?: threatguard.v1.LearningState.$Properties): threatguard.v1.LearningState;
            static encode(message: threatguard.v1.LearningState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LearningState & threatguard.v1.LearningState.$Shape;
        }

        namespace LearningState {
            interface $Properties {
                learnedDays?: number;
                neededDays?: number;
                hosts?: number;
                users?: number;
                accounts?: number;
                programs?: number;
                peerGroups?: number;
                alertsPerHostDay?: number;
                entitiesEvicted?: number;
                eventsLate?: number;
                hoursStored?: number;
                verdictsTrue?: number;
                verdictsOther?: number;
                verdictsNeeded?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LearningState.$Properties;
        }

        interface IListModelsRequest extends threatguard.v1.ListModelsRequest.$Properties {
        }

        class ListModelsRequest {
            constructor(properties?: threatguard.v1.ListModelsRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.ListModelsRequest.$Shape): threatguard.v1.ListModelsRequest & threatguard.v1.ListModelsRequest.$Shape;
            static create(properties?: threatguard.v1.ListModelsRequest.$Properties): threatguard.v1.ListModelsRequest;
            static encode(message: threatguard.v1.ListModelsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListModelsRequest & threatguard.v1.ListModelsRequest.$Shape;
        }

        namespace ListModelsRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListModelsRequest.$Properties;
        }

        interface IListModelsResponse extends threatguard.v1.ListModelsResponse.$Properties {
        }

        class ListModelsResponse {
            constructor(properties?: threatguard.v1.ListModelsResponse.$Properties);
            $unknowns?: Uint8Array[];
            learning: threatguard.v1.LearningState;
            models: threatguard.v1.ModelSummary[];
            static create(properties: threatguard.v1.ListModelsResponse.$Shape): threatguard.v1.ListModelsResponse & threatguard.v1.ListModelsResponse.$Shape;
            static create(properties?: threatguard.v1.ListModelsResponse.$Properties): threatguard.v1.ListModelsResponse;
            static encode(message: threatguard.v1.ListModelsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListModelsResponse & threatguard.v1.ListModelsResponse.$Shape;
        }

        namespace ListModelsResponse {
            interface $Properties {
                learning?: threatguard.v1.LearningState.$Properties;
                models?: threatguard.v1.ModelSummary.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListModelsResponse.$Properties;
        }

        interface IGetModelRequest extends threatguard.v1.GetModelRequest.$Properties {
        }

        class GetModelRequest {
            constructor(properties?: threatguard.v1.GetModelRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            version: number;
            static create(properties: threatguard.v1.GetModelRequest.$Shape): threatguard.v1.GetModelRequest & threatguard.v1.GetModelRequest.$Shape;
            static create(properties?: threatguard.v1.GetModelRequest.$Properties): threatguard.v1.GetModelRequest;
            static encode(message: threatguard.v1.GetModelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetModelRequest & threatguard.v1.GetModelRequest.$Shape;
        }

        namespace GetModelRequest {
            interface $Properties {
                name?: string;
                version?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetModelRequest.$Properties;
        }

        interface IGetModelResponse extends threatguard.v1.GetModelResponse.$Properties {
        }

        class GetModelResponse {
            constructor(properties?: threatguard.v1.GetModelResponse.$Properties);
            $unknowns?: Uint8Array[];
            model: threatguard.v1.ModelSummary;
            card: string;
            signature: Uint8Array;
            certificate: Uint8Array;
            static create(properties: threatguard.v1.GetModelResponse.$Shape): threatguard.v1.GetModelResponse & threatguard.v1.GetModelResponse.$Shape;
            static create(properties?: threatguard.v1.GetModelResponse.$Properties): threatguard.v1.GetModelResponse;
            static encode(message: threatguard.v1.GetModelResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetModelResponse & threatguard.v1.GetModelResponse.$Shape;
        }

        namespace GetModelResponse {
            interface $Properties {
                model?: threatguard.v1.ModelSummary.$Properties;
                card?: string;
                signature?: Uint8Array;
                certificate?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetModelResponse.$Properties;
        }

        interface ITrainModelsRequest extends threatguard.v1.TrainModelsRequest.$Properties {
        }

        class TrainModelsRequest {
            constructor(properties?: threatguard.v1.TrainModelsRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            static create(properties: threatguard.v1.TrainModelsRequest.$Shape): threatguard.v1.TrainModelsRequest & threatguard.v1.TrainModelsRequest.$Shape;
            static create(properties?: threatguard.v1.TrainModelsRequest.$Properties): threatguard.v1.TrainModelsRequest;
            static encode(message: threatguard.v1.TrainModelsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TrainModelsRequest & threatguard.v1.TrainModelsRequest.$Shape;
        }

        namespace TrainModelsRequest {
            interface $Properties {
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TrainModelsRequest.$Properties;
        }

        interface ITrainingProgress extends threatguard.v1.TrainingProgress.$Properties {
        }

        class TrainingProgress {
            constructor(properties?: threatguard.v1.TrainingProgress.$Properties);
            $unknowns?: Uint8Array[];
            model: string;
            phase: string;
            done: number;
            total: number;
            finished: threatguard.v1.ModelSummary;
            static create(properties: threatguard.v1.TrainingProgress.$Shape): threatguard.v1.TrainingProgress & threatguard.v1.TrainingProgress.$Shape;
            static create(properties?: threatguard.v1.TrainingProgress.$Properties): threatguard.v1.TrainingProgress;
            static encode(message: threatguard.v1.TrainingProgress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TrainingProgress & threatguard.v1.TrainingProgress.$Shape;
        }

        namespace TrainingProgress {
            interface $Properties {
                model?: string;
                phase?: string;
                done?: number;
                total?: number;
                finished?: threatguard.v1.ModelSummary.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TrainingProgress.$Properties;
        }

        interface IEvaluateModelRequest extends threatguard.v1.EvaluateModelRequest.$Properties {
        }

        class EvaluateModelRequest {
            constructor(properties?: threatguard.v1.EvaluateModelRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            version: number;
            static create(properties: threatguard.v1.EvaluateModelRequest.$Shape): threatguard.v1.EvaluateModelRequest & threatguard.v1.EvaluateModelRequest.$Shape;
            static create(properties?: threatguard.v1.EvaluateModelRequest.$Properties): threatguard.v1.EvaluateModelRequest;
            static encode(message: threatguard.v1.EvaluateModelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EvaluateModelRequest & threatguard.v1.EvaluateModelRequest.$Shape;
        }

        namespace EvaluateModelRequest {
            interface $Properties {
                name?: string;
                version?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EvaluateModelRequest.$Properties;
        }

        interface IEvaluateModelResponse extends threatguard.v1.EvaluateModelResponse.$Properties {
        }

        class EvaluateModelResponse {
            constructor(properties?: threatguard.v1.EvaluateModelResponse.$Properties);
            $unknowns?: Uint8Array[];
            model: threatguard.v1.ModelSummary;
            hours: number;
            unusual: number;
            alerts: number;
            alertsAllowed: number;
            agreement: number;
            measures: threatguard.v1.ModelMeasure[];
            static create(properties: threatguard.v1.EvaluateModelResponse.$Shape): threatguard.v1.EvaluateModelResponse & threatguard.v1.EvaluateModelResponse.$Shape;
            static create(properties?: threatguard.v1.EvaluateModelResponse.$Properties): threatguard.v1.EvaluateModelResponse;
            static encode(message: threatguard.v1.EvaluateModelResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EvaluateModelResponse & threatguard.v1.EvaluateModelResponse.$Shape;
        }

        namespace EvaluateModelResponse {
            interface $Properties {
                model?: threatguard.v1.ModelSummary.$Properties;
                hours?: number;
                unusual?: number;
                alerts?: number;
                alertsAllowed?: number;
                agreement?: number;
                measures?: threatguard.v1.ModelMeasure.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EvaluateModelResponse.$Properties;
        }

        interface IModelMeasure extends threatguard.v1.ModelMeasure.$Properties {
        }

        class ModelMeasure {
            constructor(properties?: threatguard.v1.ModelMeasure.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            value: number;
            static create(properties: threatguard.v1.ModelMeasure.$Shape): threatguard.v1.ModelMeasure & threatguard.v1.ModelMeasure.$Shape;
            static create(properties?: threatguard.v1.ModelMeasure.$Properties): threatguard.v1.ModelMeasure;
            static encode(message: threatguard.v1.ModelMeasure.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ModelMeasure & threatguard.v1.ModelMeasure.$Shape;
        }

        namespace ModelMeasure {
            interface $Properties {
                name?: string;
                value?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ModelMeasure.$Properties;
        }

        interface IActivateModelRequest extends threatguard.v1.ActivateModelRequest.$Properties {
        }

        class ActivateModelRequest {
            constructor(properties?: threatguard.v1.ActivateModelRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            version: number;
            force: boolean;
            static create(properties: threatguard.v1.ActivateModelRequest.$Shape): threatguard.v1.ActivateModelRequest & threatguard.v1.ActivateModelRequest.$Shape;
            static create(properties?: threatguard.v1.ActivateModelRequest.$Properties): threatguard.v1.ActivateModelRequest;
            static encode(message: threatguard.v1.ActivateModelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ActivateModelRequest & threatguard.v1.ActivateModelRequest.$Shape;
        }

        namespace ActivateModelRequest {
            interface $Properties {
                name?: string;
                version?: number;
                force?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ActivateModelRequest.$Properties;
        }

        interface IRollbackModelRequest extends threatguard.v1.RollbackModelRequest.$Properties {
        }

        class RollbackModelRequest {
            constructor(properties?: threatguard.v1.RollbackModelRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            static create(properties: threatguard.v1.RollbackModelRequest.$Shape): threatguard.v1.RollbackModelRequest & threatguard.v1.RollbackModelRequest.$Shape;
            static create(properties?: threatguard.v1.RollbackModelRequest.$Properties): threatguard.v1.RollbackModelRequest;
            static encode(message: threatguard.v1.RollbackModelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RollbackModelRequest & threatguard.v1.RollbackModelRequest.$Shape;
        }

        namespace RollbackModelRequest {
            interface $Properties {
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RollbackModelRequest.$Properties;
        }

        interface IExplainAlertRequest extends threatguard.v1.ExplainAlertRequest.$Properties {
        }

        class ExplainAlertRequest {
            constructor(properties?: threatguard.v1.ExplainAlertRequest.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            static create(properties: threatguard.v1.ExplainAlertRequest.$Shape): threatguard.v1.ExplainAlertRequest & threatguard.v1.ExplainAlertRequest.$Shape;
            static create(properties?: threatguard.v1.ExplainAlertRequest.$Properties): threatguard.v1.ExplainAlertRequest;
            static encode(message: threatguard.v1.ExplainAlertRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExplainAlertRequest & threatguard.v1.ExplainAlertRequest.$Shape;
        }

        namespace ExplainAlertRequest {
            interface $Properties {
                alertId?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExplainAlertRequest.$Properties;
        }

        interface IExplainAlertResponse extends threatguard.v1.ExplainAlertResponse.$Properties {
        }

        class ExplainAlertResponse {
            constructor(properties?: threatguard.v1.ExplainAlertResponse.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            title: string;
            reason: string;
            modelReason: threatguard.v1.ModelReason;
            triage: threatguard.v1.TriageScore;
            static create(properties: threatguard.v1.ExplainAlertResponse.$Shape): threatguard.v1.ExplainAlertResponse & threatguard.v1.ExplainAlertResponse.$Shape;
            static create(properties?: threatguard.v1.ExplainAlertResponse.$Properties): threatguard.v1.ExplainAlertResponse;
            static encode(message: threatguard.v1.ExplainAlertResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExplainAlertResponse & threatguard.v1.ExplainAlertResponse.$Shape;
        }

        namespace ExplainAlertResponse {
            interface $Properties {
                alertId?: string;
                title?: string;
                reason?: string;
                modelReason?: threatguard.v1.ModelReason.$Properties;
                triage?: threatguard.v1.TriageScore.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExplainAlertResponse.$Properties;
        }

        interface ICa extends threatguard.v1.Ca.$Properties {
        }

        class Ca {
            constructor(properties?: threatguard.v1.Ca.$Properties);
            $unknowns?: Uint8Array[];
            sha256: string;
            state: string;
            madeAtUs: number;
            expiresAtUs: number;
            certificates: number;
            holders: threatguard.v1.CaHolder[];
            static create(properties: threatguard.v1.Ca.$Shape): threatguard.v1.Ca & threatguard.v1.Ca.$Shape;
            static create(properties?: threatguard.v1.Ca.$Properties): threatguard.v1.Ca;
            static encode(message: threatguard.v1.Ca.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Ca & threatguard.v1.Ca.$Shape;
        }

        namespace Ca {
            interface $Properties {
                sha256?: string;
                state?: string;
                madeAtUs?: number;
                expiresAtUs?: number;
                certificates?: number;
                holders?: threatguard.v1.CaHolder.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Ca.$Properties;
        }

        interface ICaHolder extends threatguard.v1.CaHolder.$Properties {
        }

        class CaHolder {
            constructor(properties?: threatguard.v1.CaHolder.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            name: string;
            certificateExpiresAtUs: number;
            lastSeenAtUs: number;
            connected: boolean;
            static create(properties: threatguard.v1.CaHolder.$Shape): threatguard.v1.CaHolder & threatguard.v1.CaHolder.$Shape;
            static create(properties?: threatguard.v1.CaHolder.$Properties): threatguard.v1.CaHolder;
            static encode(message: threatguard.v1.CaHolder.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CaHolder & threatguard.v1.CaHolder.$Shape;
        }

        namespace CaHolder {
            interface $Properties {
                kind?: string;
                name?: string;
                certificateExpiresAtUs?: number;
                lastSeenAtUs?: number;
                connected?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CaHolder.$Properties;
        }

        interface IGetCasRequest extends threatguard.v1.GetCasRequest.$Properties {
        }

        class GetCasRequest {
            constructor(properties?: threatguard.v1.GetCasRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.GetCasRequest.$Shape): threatguard.v1.GetCasRequest & threatguard.v1.GetCasRequest.$Shape;
            static create(properties?: threatguard.v1.GetCasRequest.$Properties): threatguard.v1.GetCasRequest;
            static encode(message: threatguard.v1.GetCasRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetCasRequest & threatguard.v1.GetCasRequest.$Shape;
        }

        namespace GetCasRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetCasRequest.$Properties;
        }

        interface IGetCasResponse extends threatguard.v1.GetCasResponse.$Properties {
        }

        class GetCasResponse {
            constructor(properties?: threatguard.v1.GetCasResponse.$Properties);
            $unknowns?: Uint8Array[];
            cas: threatguard.v1.Ca[];
            static create(properties: threatguard.v1.GetCasResponse.$Shape): threatguard.v1.GetCasResponse & threatguard.v1.GetCasResponse.$Shape;
            static create(properties?: threatguard.v1.GetCasResponse.$Properties): threatguard.v1.GetCasResponse;
            static encode(message: threatguard.v1.GetCasResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetCasResponse & threatguard.v1.GetCasResponse.$Shape;
        }

        namespace GetCasResponse {
            interface $Properties {
                cas?: threatguard.v1.Ca.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetCasResponse.$Properties;
        }

        interface IRotateCaRequest extends threatguard.v1.RotateCaRequest.$Properties {
        }

        class RotateCaRequest {
            constructor(properties?: threatguard.v1.RotateCaRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.RotateCaRequest.$Shape): threatguard.v1.RotateCaRequest & threatguard.v1.RotateCaRequest.$Shape;
            static create(properties?: threatguard.v1.RotateCaRequest.$Properties): threatguard.v1.RotateCaRequest;
            static encode(message: threatguard.v1.RotateCaRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RotateCaRequest & threatguard.v1.RotateCaRequest.$Shape;
        }

        namespace RotateCaRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RotateCaRequest.$Properties;
        }

        interface IRotateCaResponse extends threatguard.v1.RotateCaResponse.$Properties {
        }

        class RotateCaResponse {
            constructor(properties?: threatguard.v1.RotateCaResponse.$Properties);
            $unknowns?: Uint8Array[];
            sha256: string;
            formerSha256: string;
            agentsTold: number;
            static create(properties: threatguard.v1.RotateCaResponse.$Shape): threatguard.v1.RotateCaResponse & threatguard.v1.RotateCaResponse.$Shape;
            static create(properties?: threatguard.v1.RotateCaResponse.$Properties): threatguard.v1.RotateCaResponse;
            static encode(message: threatguard.v1.RotateCaResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RotateCaResponse & threatguard.v1.RotateCaResponse.$Shape;
        }

        namespace RotateCaResponse {
            interface $Properties {
                sha256?: string;
                formerSha256?: string;
                agentsTold?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RotateCaResponse.$Properties;
        }

        interface IRetireCaRequest extends threatguard.v1.RetireCaRequest.$Properties {
        }

        class RetireCaRequest {
            constructor(properties?: threatguard.v1.RetireCaRequest.$Properties);
            $unknowns?: Uint8Array[];
            force: boolean;
            static create(properties: threatguard.v1.RetireCaRequest.$Shape): threatguard.v1.RetireCaRequest & threatguard.v1.RetireCaRequest.$Shape;
            static create(properties?: threatguard.v1.RetireCaRequest.$Properties): threatguard.v1.RetireCaRequest;
            static encode(message: threatguard.v1.RetireCaRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RetireCaRequest & threatguard.v1.RetireCaRequest.$Shape;
        }

        namespace RetireCaRequest {
            interface $Properties {
                force?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RetireCaRequest.$Properties;
        }

        interface IRetireCaResponse extends threatguard.v1.RetireCaResponse.$Properties {
        }

        class RetireCaResponse {
            constructor(properties?: threatguard.v1.RetireCaResponse.$Properties);
            $unknowns?: Uint8Array[];
            retiredSha256: string[];
            lockedOut: number;
            static create(properties: threatguard.v1.RetireCaResponse.$Shape): threatguard.v1.RetireCaResponse & threatguard.v1.RetireCaResponse.$Shape;
            static create(properties?: threatguard.v1.RetireCaResponse.$Properties): threatguard.v1.RetireCaResponse;
            static encode(message: threatguard.v1.RetireCaResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RetireCaResponse & threatguard.v1.RetireCaResponse.$Shape;
        }

        namespace RetireCaResponse {
            interface $Properties {
                retiredSha256?: string[];
                lockedOut?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RetireCaResponse.$Properties;
        }

        interface IOrderKeysRequest extends threatguard.v1.OrderKeysRequest.$Properties {
        }

        class OrderKeysRequest {
            constructor(properties?: threatguard.v1.OrderKeysRequest.$Properties);
            $unknowns?: Uint8Array[];
            agent: string;
            static create(properties: threatguard.v1.OrderKeysRequest.$Shape): threatguard.v1.OrderKeysRequest & threatguard.v1.OrderKeysRequest.$Shape;
            static create(properties?: threatguard.v1.OrderKeysRequest.$Properties): threatguard.v1.OrderKeysRequest;
            static encode(message: threatguard.v1.OrderKeysRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.OrderKeysRequest & threatguard.v1.OrderKeysRequest.$Shape;
        }

        namespace OrderKeysRequest {
            interface $Properties {
                agent?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.OrderKeysRequest.$Properties;
        }

        interface IOrderKeysResponse extends threatguard.v1.OrderKeysResponse.$Properties {
        }

        class OrderKeysResponse {
            constructor(properties?: threatguard.v1.OrderKeysResponse.$Properties);
            $unknowns?: Uint8Array[];
            ordered: number;
            connected: number;
            static create(properties: threatguard.v1.OrderKeysResponse.$Shape): threatguard.v1.OrderKeysResponse & threatguard.v1.OrderKeysResponse.$Shape;
            static create(properties?: threatguard.v1.OrderKeysResponse.$Properties): threatguard.v1.OrderKeysResponse;
            static encode(message: threatguard.v1.OrderKeysResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.OrderKeysResponse & threatguard.v1.OrderKeysResponse.$Shape;
        }

        namespace OrderKeysResponse {
            interface $Properties {
                ordered?: number;
                connected?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.OrderKeysResponse.$Properties;
        }

        interface IRenewConsoleRequest extends threatguard.v1.RenewConsoleRequest.$Properties {
        }

        class RenewConsoleRequest {
            constructor(properties?: threatguard.v1.RenewConsoleRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.RenewConsoleRequest.$Shape): threatguard.v1.RenewConsoleRequest & threatguard.v1.RenewConsoleRequest.$Shape;
            static create(properties?: threatguard.v1.RenewConsoleRequest.$Properties): threatguard.v1.RenewConsoleRequest;
            static encode(message: threatguard.v1.RenewConsoleRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RenewConsoleRequest & threatguard.v1.RenewConsoleRequest.$Shape;
        }

        namespace RenewConsoleRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RenewConsoleRequest.$Properties;
        }

        interface IRenewConsoleResponse extends threatguard.v1.RenewConsoleResponse.$Properties {
        }

        class RenewConsoleResponse {
            constructor(properties?: threatguard.v1.RenewConsoleResponse.$Properties);
            $unknowns?: Uint8Array[];
            certificate: Uint8Array;
            trustAnchors: threatguard.v1.TrustAnchors;
            static create(properties: threatguard.v1.RenewConsoleResponse.$Shape): threatguard.v1.RenewConsoleResponse & threatguard.v1.RenewConsoleResponse.$Shape;
            static create(properties?: threatguard.v1.RenewConsoleResponse.$Properties): threatguard.v1.RenewConsoleResponse;
            static encode(message: threatguard.v1.RenewConsoleResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RenewConsoleResponse & threatguard.v1.RenewConsoleResponse.$Shape;
        }

        namespace RenewConsoleResponse {
            interface $Properties {
                certificate?: Uint8Array;
                trustAnchors?: threatguard.v1.TrustAnchors.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RenewConsoleResponse.$Properties;
        }

        interface IAgentFrame extends threatguard.v1.AgentFrame.$Properties {
        }

        class AgentFrame {
            constructor(properties?: threatguard.v1.AgentFrame.$Properties);
            $unknowns?: Uint8Array[];
            hello: (threatguard.v1.Hello|null);
            envelope: (Uint8Array|null);
            heartbeat: (threatguard.v1.Heartbeat|null);
            epochConfirmation: (threatguard.v1.EpochConfirmation|null);
            certificateRequest: (threatguard.v1.CertificateRequest|null);
            frame?: ("hello"|"envelope"|"heartbeat"|"epochConfirmation"|"certificateRequest");
            static create(properties: threatguard.v1.AgentFrame.$Shape): threatguard.v1.AgentFrame & threatguard.v1.AgentFrame.$Shape;
            static create(properties?: threatguard.v1.AgentFrame.$Properties): threatguard.v1.AgentFrame;
            static encode(message: threatguard.v1.AgentFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AgentFrame & threatguard.v1.AgentFrame.$Shape;
        }

        namespace AgentFrame {
            interface $Properties {
                hello?: (threatguard.v1.Hello.$Properties|null);
                envelope?: (Uint8Array|null);
                heartbeat?: (threatguard.v1.Heartbeat.$Properties|null);
                epochConfirmation?: (threatguard.v1.EpochConfirmation.$Properties|null);
                certificateRequest?: (threatguard.v1.CertificateRequest.$Properties|null);
                frame?: ("hello"|"envelope"|"heartbeat"|"epochConfirmation"|"certificateRequest");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              hello?: threatguard.v1.Hello.$Shape|null;
              envelope?: Uint8Array|null;
              heartbeat?: threatguard.v1.Heartbeat.$Shape|null;
              epochConfirmation?: threatguard.v1.EpochConfirmation.$Shape|null;
              certificateRequest?: threatguard.v1.CertificateRequest.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ frame?: undefined; hello?: null; envelope?: null; heartbeat?: null; epochConfirmation?: null; certificateRequest?: null }|{ frame?: "hello"; hello: threatguard.v1.Hello.$Shape; envelope?: null; heartbeat?: null; epochConfirmation?: null; certificateRequest?: null }|{ frame?: "envelope"; hello?: null; envelope: Uint8Array; heartbeat?: null; epochConfirmation?: null; certificateRequest?: null }|{ frame?: "heartbeat"; hello?: null; envelope?: null; heartbeat: threatguard.v1.Heartbeat.$Shape; epochConfirmation?: null; certificateRequest?: null }|{ frame?: "epochConfirmation"; hello?: null; envelope?: null; heartbeat?: null; epochConfirmation: threatguard.v1.EpochConfirmation.$Shape; certificateRequest?: null }|{ frame?: "certificateRequest"; hello?: null; envelope?: null; heartbeat?: null; epochConfirmation?: null; certificateRequest: threatguard.v1.CertificateRequest.$Shape })
            );
        }

        interface IHello extends threatguard.v1.Hello.$Properties {
        }

        class Hello {
            constructor(properties?: threatguard.v1.Hello.$Properties);
            $unknowns?: Uint8Array[];
            agentVersion: string;
            hostName: string;
            machineId: string;
            sentAtUs: number;
            streamId: Uint8Array;
            sensors: threatguard.v1.SensorHealth[];
            os: string;
            kernel: string;
            cryptoProvider: string;
            bootId: string;
            static create(properties: threatguard.v1.Hello.$Shape): threatguard.v1.Hello & threatguard.v1.Hello.$Shape;
            static create(properties?: threatguard.v1.Hello.$Properties): threatguard.v1.Hello;
            static encode(message: threatguard.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Hello & threatguard.v1.Hello.$Shape;
        }

        namespace Hello {
            interface $Properties {
                agentVersion?: string;
                hostName?: string;
                machineId?: string;
                sentAtUs?: number;
                streamId?: Uint8Array;
                sensors?: threatguard.v1.SensorHealth.$Properties[];
                os?: string;
                kernel?: string;
                cryptoProvider?: string;
                bootId?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Hello.$Properties;
        }

        interface IHeartbeat extends threatguard.v1.Heartbeat.$Properties {
        }

        class Heartbeat {
            constructor(properties?: threatguard.v1.Heartbeat.$Properties);
            $unknowns?: Uint8Array[];
            sentAtUs: number;
            spooledBytes: number;
            spooledEnvelopes: number;
            sensors: threatguard.v1.SensorHealth[];
            sealingEpoch: number;
            oldestSpooledEpoch: number;
            welcomeOffsetUs: (number|null);
            static create(properties: threatguard.v1.Heartbeat.$Shape): threatguard.v1.Heartbeat & threatguard.v1.Heartbeat.$Shape;
            static create(properties?: threatguard.v1.Heartbeat.$Properties): threatguard.v1.Heartbeat;
            static encode(message: threatguard.v1.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Heartbeat & threatguard.v1.Heartbeat.$Shape;
        }

        namespace Heartbeat {
            interface $Properties {
                sentAtUs?: number;
                spooledBytes?: number;
                spooledEnvelopes?: number;
                sensors?: threatguard.v1.SensorHealth.$Properties[];
                sealingEpoch?: number;
                oldestSpooledEpoch?: number;
                welcomeOffsetUs?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Heartbeat.$Properties;
        }

        interface ISensorHealth extends threatguard.v1.SensorHealth.$Properties {
        }

        class SensorHealth {
            constructor(properties?: threatguard.v1.SensorHealth.$Properties);
            $unknowns?: Uint8Array[];
            sensor: string;
            source: string;
            state: string;
            detail: string;
            events: number;
            static create(properties: threatguard.v1.SensorHealth.$Shape): threatguard.v1.SensorHealth & threatguard.v1.SensorHealth.$Shape;
            static create(properties?: threatguard.v1.SensorHealth.$Properties): threatguard.v1.SensorHealth;
            static encode(message: threatguard.v1.SensorHealth.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SensorHealth & threatguard.v1.SensorHealth.$Shape;
        }

        namespace SensorHealth {
            interface $Properties {
                sensor?: string;
                source?: string;
                state?: string;
                detail?: string;
                events?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SensorHealth.$Properties;
        }

        interface ICollectorFrame extends threatguard.v1.CollectorFrame.$Properties {
        }

        class CollectorFrame {
            constructor(properties?: threatguard.v1.CollectorFrame.$Properties);
            $unknowns?: Uint8Array[];
            welcome: (threatguard.v1.Welcome|null);
            acknowledgement: (threatguard.v1.Acknowledgement|null);
            refusal: (threatguard.v1.Refusal|null);
            kemKey: (threatguard.v1.KemKey|null);
            certificateAnswer: (threatguard.v1.CertificateAnswer|null);
            trustAnchors: (threatguard.v1.TrustAnchors|null);
            certificateOrder: (threatguard.v1.CertificateOrder|null);
            frame?: ("welcome"|"acknowledgement"|"refusal"|"kemKey"|"certificateAnswer"|"trustAnchors"|"certificateOrder");
            static create(properties: threatguard.v1.CollectorFrame.$Shape): threatguard.v1.CollectorFrame & threatguard.v1.CollectorFrame.$Shape;
            static create(properties?: threatguard.v1.CollectorFrame.$Properties): threatguard.v1.CollectorFrame;
            static encode(message: threatguard.v1.CollectorFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CollectorFrame & threatguard.v1.CollectorFrame.$Shape;
        }

        namespace CollectorFrame {
            interface $Properties {
                welcome?: (threatguard.v1.Welcome.$Properties|null);
                acknowledgement?: (threatguard.v1.Acknowledgement.$Properties|null);
                refusal?: (threatguard.v1.Refusal.$Properties|null);
                kemKey?: (threatguard.v1.KemKey.$Properties|null);
                certificateAnswer?: (threatguard.v1.CertificateAnswer.$Properties|null);
                trustAnchors?: (threatguard.v1.TrustAnchors.$Properties|null);
                certificateOrder?: (threatguard.v1.CertificateOrder.$Properties|null);
                frame?: ("welcome"|"acknowledgement"|"refusal"|"kemKey"|"certificateAnswer"|"trustAnchors"|"certificateOrder");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              welcome?: threatguard.v1.Welcome.$Shape|null;
              acknowledgement?: threatguard.v1.Acknowledgement.$Shape|null;
              refusal?: threatguard.v1.Refusal.$Shape|null;
              kemKey?: threatguard.v1.KemKey.$Shape|null;
              certificateAnswer?: threatguard.v1.CertificateAnswer.$Shape|null;
              trustAnchors?: threatguard.v1.TrustAnchors.$Shape|null;
              certificateOrder?: threatguard.v1.CertificateOrder.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ frame?: undefined; welcome?: null; acknowledgement?: null; refusal?: null; kemKey?: null; certificateAnswer?: null; trustAnchors?: null; certificateOrder?: null }|{ frame?: "welcome"; welcome: threatguard.v1.Welcome.$Shape; acknowledgement?: null; refusal?: null; kemKey?: null; certificateAnswer?: null; trustAnchors?: null; certificateOrder?: null }|{ frame?: "acknowledgement"; welcome?: null; acknowledgement: threatguard.v1.Acknowledgement.$Shape; refusal?: null; kemKey?: null; certificateAnswer?: null; trustAnchors?: null; certificateOrder?: null }|{ frame?: "refusal"; welcome?: null; acknowledgement?: null; refusal: threatguard.v1.Refusal.$Shape; kemKey?: null; certificateAnswer?: null; trustAnchors?: null; certificateOrder?: null }|{ frame?: "kemKey"; welcome?: null; acknowledgement?: null; refusal?: null; kemKey: threatguard.v1.KemKey.$Shape; certificateAnswer?: null; trustAnchors?: null; certificateOrder?: null }|{ frame?: "certificateAnswer"; welcome?: null; acknowledgement?: null; refusal?: null; kemKey?: null; certificateAnswer: threatguard.v1.CertificateAnswer.$Shape; trustAnchors?: null; certificateOrder?: null }|{ frame?: "trustAnchors"; welcome?: null; acknowledgement?: null; refusal?: null; kemKey?: null; certificateAnswer?: null; trustAnchors: threatguard.v1.TrustAnchors.$Shape; certificateOrder?: null }|{ frame?: "certificateOrder"; welcome?: null; acknowledgement?: null; refusal?: null; kemKey?: null; certificateAnswer?: null; trustAnchors?: null; certificateOrder: threatguard.v1.CertificateOrder.$Shape })
            );
        }

        interface IWelcome extends threatguard.v1.Welcome.$Properties {
        }

        class Welcome {
            constructor(properties?: threatguard.v1.Welcome.$Properties);
            $unknowns?: Uint8Array[];
            streamId: Uint8Array;
            lastSequence: number;
            kemKey: threatguard.v1.KemKey;
            sentAtUs: number;
            trustAnchors: threatguard.v1.TrustAnchors;
            lastHeaderDigest: Uint8Array;
            static create(properties: threatguard.v1.Welcome.$Shape): threatguard.v1.Welcome & threatguard.v1.Welcome.$Shape;
            static create(properties?: threatguard.v1.Welcome.$Properties): threatguard.v1.Welcome;
            static encode(message: threatguard.v1.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Welcome & threatguard.v1.Welcome.$Shape;
        }

        namespace Welcome {
            interface $Properties {
                streamId?: Uint8Array;
                lastSequence?: number;
                kemKey?: threatguard.v1.KemKey.$Properties;
                sentAtUs?: number;
                trustAnchors?: threatguard.v1.TrustAnchors.$Properties;
                lastHeaderDigest?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Welcome.$Properties;
        }

        interface IKemKey extends threatguard.v1.KemKey.$Properties {
        }

        class KemKey {
            constructor(properties?: threatguard.v1.KemKey.$Properties);
            $unknowns?: Uint8Array[];
            key: Uint8Array;
            signature: Uint8Array;
            certificate: Uint8Array;
            static create(properties: threatguard.v1.KemKey.$Shape): threatguard.v1.KemKey & threatguard.v1.KemKey.$Shape;
            static create(properties?: threatguard.v1.KemKey.$Properties): threatguard.v1.KemKey;
            static encode(message: threatguard.v1.KemKey.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KemKey & threatguard.v1.KemKey.$Shape;
        }

        namespace KemKey {
            interface $Properties {
                key?: Uint8Array;
                signature?: Uint8Array;
                certificate?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KemKey.$Properties;
        }

        interface IKemKeyBody extends threatguard.v1.KemKeyBody.$Properties {
        }

        class KemKeyBody {
            constructor(properties?: threatguard.v1.KemKeyBody.$Properties);
            $unknowns?: Uint8Array[];
            algorithm: string;
            epoch: number;
            publicKey: Uint8Array;
            createdAtUs: number;
            refusedBefore: number;
            static create(properties: threatguard.v1.KemKeyBody.$Shape): threatguard.v1.KemKeyBody & threatguard.v1.KemKeyBody.$Shape;
            static create(properties?: threatguard.v1.KemKeyBody.$Properties): threatguard.v1.KemKeyBody;
            static encode(message: threatguard.v1.KemKeyBody.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KemKeyBody & threatguard.v1.KemKeyBody.$Shape;
        }

        namespace KemKeyBody {
            interface $Properties {
                algorithm?: string;
                epoch?: number;
                publicKey?: Uint8Array;
                createdAtUs?: number;
                refusedBefore?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KemKeyBody.$Properties;
        }

        interface IEpochConfirmation extends threatguard.v1.EpochConfirmation.$Properties {
        }

        class EpochConfirmation {
            constructor(properties?: threatguard.v1.EpochConfirmation.$Properties);
            $unknowns?: Uint8Array[];
            body: Uint8Array;
            signature: Uint8Array;
            static create(properties: threatguard.v1.EpochConfirmation.$Shape): threatguard.v1.EpochConfirmation & threatguard.v1.EpochConfirmation.$Shape;
            static create(properties?: threatguard.v1.EpochConfirmation.$Properties): threatguard.v1.EpochConfirmation;
            static encode(message: threatguard.v1.EpochConfirmation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EpochConfirmation & threatguard.v1.EpochConfirmation.$Shape;
        }

        namespace EpochConfirmation {
            interface $Properties {
                body?: Uint8Array;
                signature?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EpochConfirmation.$Properties;
        }

        interface IEpochConfirmationBody extends threatguard.v1.EpochConfirmationBody.$Properties {
        }

        class EpochConfirmationBody {
            constructor(properties?: threatguard.v1.EpochConfirmationBody.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            epoch: number;
            publicKeySha256: Uint8Array;
            confirmedAtUs: number;
            oldestSpooledEpoch: number;
            static create(properties: threatguard.v1.EpochConfirmationBody.$Shape): threatguard.v1.EpochConfirmationBody & threatguard.v1.EpochConfirmationBody.$Shape;
            static create(properties?: threatguard.v1.EpochConfirmationBody.$Properties): threatguard.v1.EpochConfirmationBody;
            static encode(message: threatguard.v1.EpochConfirmationBody.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EpochConfirmationBody & threatguard.v1.EpochConfirmationBody.$Shape;
        }

        namespace EpochConfirmationBody {
            interface $Properties {
                agentId?: string;
                epoch?: number;
                publicKeySha256?: Uint8Array;
                confirmedAtUs?: number;
                oldestSpooledEpoch?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EpochConfirmationBody.$Properties;
        }

        interface ICertificateRequest extends threatguard.v1.CertificateRequest.$Properties {
        }

        class CertificateRequest {
            constructor(properties?: threatguard.v1.CertificateRequest.$Properties);
            $unknowns?: Uint8Array[];
            certificateRequest: Uint8Array;
            succession: Uint8Array;
            successionSignature: Uint8Array;
            static create(properties: threatguard.v1.CertificateRequest.$Shape): threatguard.v1.CertificateRequest & threatguard.v1.CertificateRequest.$Shape;
            static create(properties?: threatguard.v1.CertificateRequest.$Properties): threatguard.v1.CertificateRequest;
            static encode(message: threatguard.v1.CertificateRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CertificateRequest & threatguard.v1.CertificateRequest.$Shape;
        }

        namespace CertificateRequest {
            interface $Properties {
                certificateRequest?: Uint8Array;
                succession?: Uint8Array;
                successionSignature?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CertificateRequest.$Properties;
        }

        interface IKeySuccession extends threatguard.v1.KeySuccession.$Properties {
        }

        class KeySuccession {
            constructor(properties?: threatguard.v1.KeySuccession.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            oldKeyId: Uint8Array;
            newKeyId: Uint8Array;
            succeedsAtUs: number;
            static create(properties: threatguard.v1.KeySuccession.$Shape): threatguard.v1.KeySuccession & threatguard.v1.KeySuccession.$Shape;
            static create(properties?: threatguard.v1.KeySuccession.$Properties): threatguard.v1.KeySuccession;
            static encode(message: threatguard.v1.KeySuccession.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KeySuccession & threatguard.v1.KeySuccession.$Shape;
        }

        namespace KeySuccession {
            interface $Properties {
                agentId?: string;
                oldKeyId?: Uint8Array;
                newKeyId?: Uint8Array;
                succeedsAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KeySuccession.$Properties;
        }

        interface ICertificateAnswer extends threatguard.v1.CertificateAnswer.$Properties {
        }

        class CertificateAnswer {
            constructor(properties?: threatguard.v1.CertificateAnswer.$Properties);
            $unknowns?: Uint8Array[];
            certificate: Uint8Array;
            refusal: string;
            static create(properties: threatguard.v1.CertificateAnswer.$Shape): threatguard.v1.CertificateAnswer & threatguard.v1.CertificateAnswer.$Shape;
            static create(properties?: threatguard.v1.CertificateAnswer.$Properties): threatguard.v1.CertificateAnswer;
            static encode(message: threatguard.v1.CertificateAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CertificateAnswer & threatguard.v1.CertificateAnswer.$Shape;
        }

        namespace CertificateAnswer {
            interface $Properties {
                certificate?: Uint8Array;
                refusal?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CertificateAnswer.$Properties;
        }

        interface ICertificateOrder extends threatguard.v1.CertificateOrder.$Properties {
        }

        class CertificateOrder {
            constructor(properties?: threatguard.v1.CertificateOrder.$Properties);
            $unknowns?: Uint8Array[];
            newKey: boolean;
            reason: string;
            static create(properties: threatguard.v1.CertificateOrder.$Shape): threatguard.v1.CertificateOrder & threatguard.v1.CertificateOrder.$Shape;
            static create(properties?: threatguard.v1.CertificateOrder.$Properties): threatguard.v1.CertificateOrder;
            static encode(message: threatguard.v1.CertificateOrder.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CertificateOrder & threatguard.v1.CertificateOrder.$Shape;
        }

        namespace CertificateOrder {
            interface $Properties {
                newKey?: boolean;
                reason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CertificateOrder.$Properties;
        }

        interface ITrustAnchors extends threatguard.v1.TrustAnchors.$Properties {
        }

        class TrustAnchors {
            constructor(properties?: threatguard.v1.TrustAnchors.$Properties);
            $unknowns?: Uint8Array[];
            certificates: Uint8Array[];
            successions: threatguard.v1.CaSuccession[];
            static create(properties: threatguard.v1.TrustAnchors.$Shape): threatguard.v1.TrustAnchors & threatguard.v1.TrustAnchors.$Shape;
            static create(properties?: threatguard.v1.TrustAnchors.$Properties): threatguard.v1.TrustAnchors;
            static encode(message: threatguard.v1.TrustAnchors.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TrustAnchors & threatguard.v1.TrustAnchors.$Shape;
        }

        namespace TrustAnchors {
            interface $Properties {
                certificates?: Uint8Array[];
                successions?: threatguard.v1.CaSuccession.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TrustAnchors.$Properties;
        }

        interface ICaSuccession extends threatguard.v1.CaSuccession.$Properties {
        }

        class CaSuccession {
            constructor(properties?: threatguard.v1.CaSuccession.$Properties);
            $unknowns?: Uint8Array[];
            oldCaKeyId: Uint8Array;
            newCaCertificate: Uint8Array;
            signature: Uint8Array;
            succeedsAtUs: number;
            endorsement: threatguard.v1.CaEndorsement;
            static create(properties: threatguard.v1.CaSuccession.$Shape): threatguard.v1.CaSuccession & threatguard.v1.CaSuccession.$Shape;
            static create(properties?: threatguard.v1.CaSuccession.$Properties): threatguard.v1.CaSuccession;
            static encode(message: threatguard.v1.CaSuccession.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CaSuccession & threatguard.v1.CaSuccession.$Shape;
        }

        namespace CaSuccession {
            interface $Properties {
                oldCaKeyId?: Uint8Array;
                newCaCertificate?: Uint8Array;
                signature?: Uint8Array;
                succeedsAtUs?: number;
                endorsement?: threatguard.v1.CaEndorsement.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CaSuccession.$Properties;
        }

        interface ICaEndorsement extends threatguard.v1.CaEndorsement.$Properties {
        }

        class CaEndorsement {
            constructor(properties?: threatguard.v1.CaEndorsement.$Properties);
            $unknowns?: Uint8Array[];
            body: Uint8Array;
            signature: Uint8Array;
            static create(properties: threatguard.v1.CaEndorsement.$Shape): threatguard.v1.CaEndorsement & threatguard.v1.CaEndorsement.$Shape;
            static create(properties?: threatguard.v1.CaEndorsement.$Properties): threatguard.v1.CaEndorsement;
            static encode(message: threatguard.v1.CaEndorsement.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CaEndorsement & threatguard.v1.CaEndorsement.$Shape;
        }

        namespace CaEndorsement {
            interface $Properties {
                body?: Uint8Array;
                signature?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CaEndorsement.$Properties;
        }

        interface ICaEndorsementBody extends threatguard.v1.CaEndorsementBody.$Properties {
        }

        class CaEndorsementBody {
            constructor(properties?: threatguard.v1.CaEndorsementBody.$Properties);
            $unknowns?: Uint8Array[];
            oldCaCertificate: Uint8Array;
            succeedsAtUs: number;
            static create(properties: threatguard.v1.CaEndorsementBody.$Shape): threatguard.v1.CaEndorsementBody & threatguard.v1.CaEndorsementBody.$Shape;
            static create(properties?: threatguard.v1.CaEndorsementBody.$Properties): threatguard.v1.CaEndorsementBody;
            static encode(message: threatguard.v1.CaEndorsementBody.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CaEndorsementBody & threatguard.v1.CaEndorsementBody.$Shape;
        }

        namespace CaEndorsementBody {
            interface $Properties {
                oldCaCertificate?: Uint8Array;
                succeedsAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CaEndorsementBody.$Properties;
        }

        interface IAcknowledgement extends threatguard.v1.Acknowledgement.$Properties {
        }

        class Acknowledgement {
            constructor(properties?: threatguard.v1.Acknowledgement.$Properties);
            $unknowns?: Uint8Array[];
            sequence: number;
            static create(properties: threatguard.v1.Acknowledgement.$Shape): threatguard.v1.Acknowledgement & threatguard.v1.Acknowledgement.$Shape;
            static create(properties?: threatguard.v1.Acknowledgement.$Properties): threatguard.v1.Acknowledgement;
            static encode(message: threatguard.v1.Acknowledgement.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Acknowledgement & threatguard.v1.Acknowledgement.$Shape;
        }

        namespace Acknowledgement {
            interface $Properties {
                sequence?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Acknowledgement.$Properties;
        }

        interface IRefusal extends threatguard.v1.Refusal.$Properties {
        }

        class Refusal {
            constructor(properties?: threatguard.v1.Refusal.$Properties);
            $unknowns?: Uint8Array[];
            sequence: number;
            code: string;
            message: string;
            static create(properties: threatguard.v1.Refusal.$Shape): threatguard.v1.Refusal & threatguard.v1.Refusal.$Shape;
            static create(properties?: threatguard.v1.Refusal.$Properties): threatguard.v1.Refusal;
            static encode(message: threatguard.v1.Refusal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Refusal & threatguard.v1.Refusal.$Shape;
        }

        namespace Refusal {
            interface $Properties {
                sequence?: number;
                code?: string;
                message?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Refusal.$Properties;
        }

        interface IExportAuditRequest extends threatguard.v1.ExportAuditRequest.$Properties {
        }

        class ExportAuditRequest {
            constructor(properties?: threatguard.v1.ExportAuditRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.ExportAuditRequest.$Shape): threatguard.v1.ExportAuditRequest & threatguard.v1.ExportAuditRequest.$Shape;
            static create(properties?: threatguard.v1.ExportAuditRequest.$Properties): threatguard.v1.ExportAuditRequest;
            static encode(message: threatguard.v1.ExportAuditRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExportAuditRequest & threatguard.v1.ExportAuditRequest.$Shape;
        }

        namespace ExportAuditRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExportAuditRequest.$Properties;
        }

        interface IAuditPart extends threatguard.v1.AuditPart.$Properties {
        }

        class AuditPart {
            constructor(properties?: threatguard.v1.AuditPart.$Properties);
            $unknowns?: Uint8Array[];
            anchors: threatguard.v1.AuditAnchors;
            entries: threatguard.v1.AuditEntry[];
            static create(properties: threatguard.v1.AuditPart.$Shape): threatguard.v1.AuditPart & threatguard.v1.AuditPart.$Shape;
            static create(properties?: threatguard.v1.AuditPart.$Properties): threatguard.v1.AuditPart;
            static encode(message: threatguard.v1.AuditPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AuditPart & threatguard.v1.AuditPart.$Shape;
        }

        namespace AuditPart {
            interface $Properties {
                anchors?: threatguard.v1.AuditAnchors.$Properties;
                entries?: threatguard.v1.AuditEntry.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AuditPart.$Properties;
        }

        interface IAuditAnchors extends threatguard.v1.AuditAnchors.$Properties {
        }

        class AuditAnchors {
            constructor(properties?: threatguard.v1.AuditAnchors.$Properties);
            $unknowns?: Uint8Array[];
            anchorSequence: number;
            anchorDigest: Uint8Array;
            headSequence: number;
            headDigest: Uint8Array;
            static create(properties: threatguard.v1.AuditAnchors.$Shape): threatguard.v1.AuditAnchors & threatguard.v1.AuditAnchors.$Shape;
            static create(properties?: threatguard.v1.AuditAnchors.$Properties): threatguard.v1.AuditAnchors;
            static encode(message: threatguard.v1.AuditAnchors.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AuditAnchors & threatguard.v1.AuditAnchors.$Shape;
        }

        namespace AuditAnchors {
            interface $Properties {
                anchorSequence?: number;
                anchorDigest?: Uint8Array;
                headSequence?: number;
                headDigest?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AuditAnchors.$Properties;
        }

        interface IGetComplianceReportRequest extends threatguard.v1.GetComplianceReportRequest.$Properties {
        }

        class GetComplianceReportRequest {
            constructor(properties?: threatguard.v1.GetComplianceReportRequest.$Properties);
            $unknowns?: Uint8Array[];
            framework: string;
            fromUs: number;
            toUs: number;
            static create(properties: threatguard.v1.GetComplianceReportRequest.$Shape): threatguard.v1.GetComplianceReportRequest & threatguard.v1.GetComplianceReportRequest.$Shape;
            static create(properties?: threatguard.v1.GetComplianceReportRequest.$Properties): threatguard.v1.GetComplianceReportRequest;
            static encode(message: threatguard.v1.GetComplianceReportRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetComplianceReportRequest & threatguard.v1.GetComplianceReportRequest.$Shape;
        }

        namespace GetComplianceReportRequest {
            interface $Properties {
                framework?: string;
                fromUs?: number;
                toUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetComplianceReportRequest.$Properties;
        }

        interface IComplianceReport extends threatguard.v1.ComplianceReport.$Properties {
        }

        class ComplianceReport {
            constructor(properties?: threatguard.v1.ComplianceReport.$Properties);
            $unknowns?: Uint8Array[];
            framework: string;
            title: string;
            fromUs: number;
            toUs: number;
            madeAtUs: number;
            collectorVersion: string;
            controls: threatguard.v1.ComplianceControl[];
            facts: threatguard.v1.ComplianceFact[];
            static create(properties: threatguard.v1.ComplianceReport.$Shape): threatguard.v1.ComplianceReport & threatguard.v1.ComplianceReport.$Shape;
            static create(properties?: threatguard.v1.ComplianceReport.$Properties): threatguard.v1.ComplianceReport;
            static encode(message: threatguard.v1.ComplianceReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ComplianceReport & threatguard.v1.ComplianceReport.$Shape;
        }

        namespace ComplianceReport {
            interface $Properties {
                framework?: string;
                title?: string;
                fromUs?: number;
                toUs?: number;
                madeAtUs?: number;
                collectorVersion?: string;
                controls?: threatguard.v1.ComplianceControl.$Properties[];
                facts?: threatguard.v1.ComplianceFact.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ComplianceReport.$Properties;
        }

        interface IComplianceControl extends threatguard.v1.ComplianceControl.$Properties {
        }

        class ComplianceControl {
            constructor(properties?: threatguard.v1.ComplianceControl.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            title: string;
            asks: string;
            facts: string[];
            notShown: string;
            static create(properties: threatguard.v1.ComplianceControl.$Shape): threatguard.v1.ComplianceControl & threatguard.v1.ComplianceControl.$Shape;
            static create(properties?: threatguard.v1.ComplianceControl.$Properties): threatguard.v1.ComplianceControl;
            static encode(message: threatguard.v1.ComplianceControl.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ComplianceControl & threatguard.v1.ComplianceControl.$Shape;
        }

        namespace ComplianceControl {
            interface $Properties {
                id?: string;
                title?: string;
                asks?: string;
                facts?: string[];
                notShown?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ComplianceControl.$Properties;
        }

        interface IComplianceFact extends threatguard.v1.ComplianceFact.$Properties {
        }

        class ComplianceFact {
            constructor(properties?: threatguard.v1.ComplianceFact.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            title: string;
            query: string;
            values: threatguard.v1.ComplianceValue[];
            problem: string;
            static create(properties: threatguard.v1.ComplianceFact.$Shape): threatguard.v1.ComplianceFact & threatguard.v1.ComplianceFact.$Shape;
            static create(properties?: threatguard.v1.ComplianceFact.$Properties): threatguard.v1.ComplianceFact;
            static encode(message: threatguard.v1.ComplianceFact.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ComplianceFact & threatguard.v1.ComplianceFact.$Shape;
        }

        namespace ComplianceFact {
            interface $Properties {
                id?: string;
                title?: string;
                query?: string;
                values?: threatguard.v1.ComplianceValue.$Properties[];
                problem?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ComplianceFact.$Properties;
        }

        interface IComplianceValue extends threatguard.v1.ComplianceValue.$Properties {
        }

        class ComplianceValue {
            constructor(properties?: threatguard.v1.ComplianceValue.$Properties);
            $unknowns?: Uint8Array[];
            label: string;
            value: string;
            static create(properties: threatguard.v1.ComplianceValue.$Shape): threatguard.v1.ComplianceValue & threatguard.v1.ComplianceValue.$Shape;
            static create(properties?: threatguard.v1.ComplianceValue.$Properties): threatguard.v1.ComplianceValue;
            static encode(message: threatguard.v1.ComplianceValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ComplianceValue & threatguard.v1.ComplianceValue.$Shape;
        }

        namespace ComplianceValue {
            interface $Properties {
                label?: string;
                value?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ComplianceValue.$Properties;
        }

        interface IHold extends threatguard.v1.Hold.$Properties {
        }

        class Hold {
            constructor(properties?: threatguard.v1.Hold.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            agentId: string;
            agentName: string;
            user: string;
            fromUs: number;
            toUs: number;
            reason: string;
            madeBy: string;
            madeAtUs: number;
            removedBy: string;
            removedAtUs: number;
            static create(properties: threatguard.v1.Hold.$Shape): threatguard.v1.Hold & threatguard.v1.Hold.$Shape;
            static create(properties?: threatguard.v1.Hold.$Properties): threatguard.v1.Hold;
            static encode(message: threatguard.v1.Hold.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Hold & threatguard.v1.Hold.$Shape;
        }

        namespace Hold {
            interface $Properties {
                id?: string;
                agentId?: string;
                agentName?: string;
                user?: string;
                fromUs?: number;
                toUs?: number;
                reason?: string;
                madeBy?: string;
                madeAtUs?: number;
                removedBy?: string;
                removedAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Hold.$Properties;
        }

        interface IAddHoldRequest extends threatguard.v1.AddHoldRequest.$Properties {
        }

        class AddHoldRequest {
            constructor(properties?: threatguard.v1.AddHoldRequest.$Properties);
            $unknowns?: Uint8Array[];
            agent: string;
            user: string;
            fromUs: number;
            toUs: number;
            reason: string;
            static create(properties: threatguard.v1.AddHoldRequest.$Shape): threatguard.v1.AddHoldRequest & threatguard.v1.AddHoldRequest.$Shape;
            static create(properties?: threatguard.v1.AddHoldRequest.$Properties): threatguard.v1.AddHoldRequest;
            static encode(message: threatguard.v1.AddHoldRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AddHoldRequest & threatguard.v1.AddHoldRequest.$Shape;
        }

        namespace AddHoldRequest {
            interface $Properties {
                agent?: string;
                user?: string;
                fromUs?: number;
                toUs?: number;
                reason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AddHoldRequest.$Properties;
        }

        interface IListHoldsRequest extends threatguard.v1.ListHoldsRequest.$Properties {
        }

        class ListHoldsRequest {
            constructor(properties?: threatguard.v1.ListHoldsRequest.$Properties);
            $unknowns?: Uint8Array[];
            removed: boolean;
            static create(properties: threatguard.v1.ListHoldsRequest.$Shape): threatguard.v1.ListHoldsRequest & threatguard.v1.ListHoldsRequest.$Shape;
            static create(properties?: threatguard.v1.ListHoldsRequest.$Properties): threatguard.v1.ListHoldsRequest;
            static encode(message: threatguard.v1.ListHoldsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListHoldsRequest & threatguard.v1.ListHoldsRequest.$Shape;
        }

        namespace ListHoldsRequest {
            interface $Properties {
                removed?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListHoldsRequest.$Properties;
        }

        interface IListHoldsResponse extends threatguard.v1.ListHoldsResponse.$Properties {
        }

        class ListHoldsResponse {
            constructor(properties?: threatguard.v1.ListHoldsResponse.$Properties);
            $unknowns?: Uint8Array[];
            holds: threatguard.v1.Hold[];
            static create(properties: threatguard.v1.ListHoldsResponse.$Shape): threatguard.v1.ListHoldsResponse & threatguard.v1.ListHoldsResponse.$Shape;
            static create(properties?: threatguard.v1.ListHoldsResponse.$Properties): threatguard.v1.ListHoldsResponse;
            static encode(message: threatguard.v1.ListHoldsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListHoldsResponse & threatguard.v1.ListHoldsResponse.$Shape;
        }

        namespace ListHoldsResponse {
            interface $Properties {
                holds?: threatguard.v1.Hold.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListHoldsResponse.$Properties;
        }

        interface IRemoveHoldRequest extends threatguard.v1.RemoveHoldRequest.$Properties {
        }

        class RemoveHoldRequest {
            constructor(properties?: threatguard.v1.RemoveHoldRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.RemoveHoldRequest.$Shape): threatguard.v1.RemoveHoldRequest & threatguard.v1.RemoveHoldRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveHoldRequest.$Properties): threatguard.v1.RemoveHoldRequest;
            static encode(message: threatguard.v1.RemoveHoldRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveHoldRequest & threatguard.v1.RemoveHoldRequest.$Shape;
        }

        namespace RemoveHoldRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveHoldRequest.$Properties;
        }

        interface ISubjectRequest extends threatguard.v1.SubjectRequest.$Properties {
        }

        class SubjectRequest {
            constructor(properties?: threatguard.v1.SubjectRequest.$Properties);
            $unknowns?: Uint8Array[];
            user: string;
            agent: string;
            static create(properties: threatguard.v1.SubjectRequest.$Shape): threatguard.v1.SubjectRequest & threatguard.v1.SubjectRequest.$Shape;
            static create(properties?: threatguard.v1.SubjectRequest.$Properties): threatguard.v1.SubjectRequest;
            static encode(message: threatguard.v1.SubjectRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SubjectRequest & threatguard.v1.SubjectRequest.$Shape;
        }

        namespace SubjectRequest {
            interface $Properties {
                user?: string;
                agent?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SubjectRequest.$Properties;
        }

        interface ISubjectPart extends threatguard.v1.SubjectPart.$Properties {
        }

        class SubjectPart {
            constructor(properties?: threatguard.v1.SubjectPart.$Properties);
            $unknowns?: Uint8Array[];
            data: Uint8Array;
            records: number;
            static create(properties: threatguard.v1.SubjectPart.$Shape): threatguard.v1.SubjectPart & threatguard.v1.SubjectPart.$Shape;
            static create(properties?: threatguard.v1.SubjectPart.$Properties): threatguard.v1.SubjectPart;
            static encode(message: threatguard.v1.SubjectPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SubjectPart & threatguard.v1.SubjectPart.$Shape;
        }

        namespace SubjectPart {
            interface $Properties {
                data?: Uint8Array;
                records?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SubjectPart.$Properties;
        }

        interface IEraseSubjectRequest extends threatguard.v1.EraseSubjectRequest.$Properties {
        }

        class EraseSubjectRequest {
            constructor(properties?: threatguard.v1.EraseSubjectRequest.$Properties);
            $unknowns?: Uint8Array[];
            user: string;
            agent: string;
            pseudonymise: boolean;
            apply: boolean;
            reason: string;
            static create(properties: threatguard.v1.EraseSubjectRequest.$Shape): threatguard.v1.EraseSubjectRequest & threatguard.v1.EraseSubjectRequest.$Shape;
            static create(properties?: threatguard.v1.EraseSubjectRequest.$Properties): threatguard.v1.EraseSubjectRequest;
            static encode(message: threatguard.v1.EraseSubjectRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EraseSubjectRequest & threatguard.v1.EraseSubjectRequest.$Shape;
        }

        namespace EraseSubjectRequest {
            interface $Properties {
                user?: string;
                agent?: string;
                pseudonymise?: boolean;
                apply?: boolean;
                reason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EraseSubjectRequest.$Properties;
        }

        interface IErasureProgress extends threatguard.v1.ErasureProgress.$Properties {
        }

        class ErasureProgress {
            constructor(properties?: threatguard.v1.ErasureProgress.$Properties);
            $unknowns?: Uint8Array[];
            erasureId: string;
            envelopesRead: number;
            payloads: number;
            otherEvents: number;
            events: number;
            series: number;
            alertsKept: number;
            auditKept: number;
            done: boolean;
            pseudonym: string;
            unreadable: number;
            static create(properties: threatguard.v1.ErasureProgress.$Shape): threatguard.v1.ErasureProgress & threatguard.v1.ErasureProgress.$Shape;
            static create(properties?: threatguard.v1.ErasureProgress.$Properties): threatguard.v1.ErasureProgress;
            static encode(message: threatguard.v1.ErasureProgress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ErasureProgress & threatguard.v1.ErasureProgress.$Shape;
        }

        namespace ErasureProgress {
            interface $Properties {
                erasureId?: string;
                envelopesRead?: number;
                payloads?: number;
                otherEvents?: number;
                events?: number;
                series?: number;
                alertsKept?: number;
                auditKept?: number;
                done?: boolean;
                pseudonym?: string;
                unreadable?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ErasureProgress.$Properties;
        }

        interface IEntityName extends threatguard.v1.EntityName.$Properties {
        }

        class EntityName {
            constructor(properties?: threatguard.v1.EntityName.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            name: string;
            static create(properties: threatguard.v1.EntityName.$Shape): threatguard.v1.EntityName & threatguard.v1.EntityName.$Shape;
            static create(properties?: threatguard.v1.EntityName.$Properties): threatguard.v1.EntityName;
            static encode(message: threatguard.v1.EntityName.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EntityName & threatguard.v1.EntityName.$Shape;
        }

        namespace EntityName {
            interface $Properties {
                kind?: string;
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EntityName.$Properties;
        }

        interface IRiskReason extends threatguard.v1.RiskReason.$Properties {
        }

        class RiskReason {
            constructor(properties?: threatguard.v1.RiskReason.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            ruleId: string;
            title: string;
            contribution: number;
            atUs: number;
            static create(properties: threatguard.v1.RiskReason.$Shape): threatguard.v1.RiskReason & threatguard.v1.RiskReason.$Shape;
            static create(properties?: threatguard.v1.RiskReason.$Properties): threatguard.v1.RiskReason;
            static encode(message: threatguard.v1.RiskReason.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RiskReason & threatguard.v1.RiskReason.$Shape;
        }

        namespace RiskReason {
            interface $Properties {
                alertId?: string;
                ruleId?: string;
                title?: string;
                contribution?: number;
                atUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RiskReason.$Properties;
        }

        interface IEntity extends threatguard.v1.Entity.$Properties {
        }

        class Entity {
            constructor(properties?: threatguard.v1.Entity.$Properties);
            $unknowns?: Uint8Array[];
            name: threatguard.v1.EntityName;
            risk: number;
            reasons: threatguard.v1.RiskReason[];
            firstSeenAtUs: number;
            lastSeenAtUs: number;
            static create(properties: threatguard.v1.Entity.$Shape): threatguard.v1.Entity & threatguard.v1.Entity.$Shape;
            static create(properties?: threatguard.v1.Entity.$Properties): threatguard.v1.Entity;
            static encode(message: threatguard.v1.Entity.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Entity & threatguard.v1.Entity.$Shape;
        }

        namespace Entity {
            interface $Properties {
                name?: threatguard.v1.EntityName.$Properties;
                risk?: number;
                reasons?: threatguard.v1.RiskReason.$Properties[];
                firstSeenAtUs?: number;
                lastSeenAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Entity.$Properties;
        }

        interface IListEntitiesRequest extends threatguard.v1.ListEntitiesRequest.$Properties {
        }

        class ListEntitiesRequest {
            constructor(properties?: threatguard.v1.ListEntitiesRequest.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            limit: number;
            after: string;
            static create(properties: threatguard.v1.ListEntitiesRequest.$Shape): threatguard.v1.ListEntitiesRequest & threatguard.v1.ListEntitiesRequest.$Shape;
            static create(properties?: threatguard.v1.ListEntitiesRequest.$Properties): threatguard.v1.ListEntitiesRequest;
            static encode(message: threatguard.v1.ListEntitiesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListEntitiesRequest & threatguard.v1.ListEntitiesRequest.$Shape;
        }

        namespace ListEntitiesRequest {
            interface $Properties {
                kind?: string;
                limit?: number;
                after?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListEntitiesRequest.$Properties;
        }

        interface IListEntitiesResponse extends threatguard.v1.ListEntitiesResponse.$Properties {
        }

        class ListEntitiesResponse {
            constructor(properties?: threatguard.v1.ListEntitiesResponse.$Properties);
            $unknowns?: Uint8Array[];
            entities: threatguard.v1.Entity[];
            next: string;
            static create(properties: threatguard.v1.ListEntitiesResponse.$Shape): threatguard.v1.ListEntitiesResponse & threatguard.v1.ListEntitiesResponse.$Shape;
            static create(properties?: threatguard.v1.ListEntitiesResponse.$Properties): threatguard.v1.ListEntitiesResponse;
            static encode(message: threatguard.v1.ListEntitiesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListEntitiesResponse & threatguard.v1.ListEntitiesResponse.$Shape;
        }

        namespace ListEntitiesResponse {
            interface $Properties {
                entities?: threatguard.v1.Entity.$Properties[];
                next?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListEntitiesResponse.$Properties;
        }

        interface IGetEntityRequest extends threatguard.v1.GetEntityRequest.$Properties {
        }

        class GetEntityRequest {
            constructor(properties?: threatguard.v1.GetEntityRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: threatguard.v1.EntityName;
            sinceUs: number;
            static create(properties: threatguard.v1.GetEntityRequest.$Shape): threatguard.v1.GetEntityRequest & threatguard.v1.GetEntityRequest.$Shape;
            static create(properties?: threatguard.v1.GetEntityRequest.$Properties): threatguard.v1.GetEntityRequest;
            static encode(message: threatguard.v1.GetEntityRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetEntityRequest & threatguard.v1.GetEntityRequest.$Shape;
        }

        namespace GetEntityRequest {
            interface $Properties {
                name?: threatguard.v1.EntityName.$Properties;
                sinceUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetEntityRequest.$Properties;
        }

        interface IGetEntityResponse extends threatguard.v1.GetEntityResponse.$Properties {
        }

        class GetEntityResponse {
            constructor(properties?: threatguard.v1.GetEntityResponse.$Properties);
            $unknowns?: Uint8Array[];
            entity: threatguard.v1.Entity;
            history: threatguard.v1.RiskAt[];
            halfLifeUs: number;
            static create(properties: threatguard.v1.GetEntityResponse.$Shape): threatguard.v1.GetEntityResponse & threatguard.v1.GetEntityResponse.$Shape;
            static create(properties?: threatguard.v1.GetEntityResponse.$Properties): threatguard.v1.GetEntityResponse;
            static encode(message: threatguard.v1.GetEntityResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetEntityResponse & threatguard.v1.GetEntityResponse.$Shape;
        }

        namespace GetEntityResponse {
            interface $Properties {
                entity?: threatguard.v1.Entity.$Properties;
                history?: threatguard.v1.RiskAt.$Properties[];
                halfLifeUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetEntityResponse.$Properties;
        }

        interface IRiskAt extends threatguard.v1.RiskAt.$Properties {
        }

        class RiskAt {
            constructor(properties?: threatguard.v1.RiskAt.$Properties);
            $unknowns?: Uint8Array[];
            atUs: number;
            risk: number;
            static create(properties: threatguard.v1.RiskAt.$Shape): threatguard.v1.RiskAt & threatguard.v1.RiskAt.$Shape;
            static create(properties?: threatguard.v1.RiskAt.$Properties): threatguard.v1.RiskAt;
            static encode(message: threatguard.v1.RiskAt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RiskAt & threatguard.v1.RiskAt.$Shape;
        }

        namespace RiskAt {
            interface $Properties {
                atUs?: number;
                risk?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RiskAt.$Properties;
        }

        interface IIncidentAlert extends threatguard.v1.IncidentAlert.$Properties {
        }

        class IncidentAlert {
            constructor(properties?: threatguard.v1.IncidentAlert.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            ruleId: string;
            title: string;
            severity: threatguard.v1.Severity;
            tactics: string[];
            firstAtUs: number;
            static create(properties: threatguard.v1.IncidentAlert.$Shape): threatguard.v1.IncidentAlert & threatguard.v1.IncidentAlert.$Shape;
            static create(properties?: threatguard.v1.IncidentAlert.$Properties): threatguard.v1.IncidentAlert;
            static encode(message: threatguard.v1.IncidentAlert.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IncidentAlert & threatguard.v1.IncidentAlert.$Shape;
        }

        namespace IncidentAlert {
            interface $Properties {
                id?: string;
                ruleId?: string;
                title?: string;
                severity?: threatguard.v1.Severity;
                tactics?: string[];
                firstAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IncidentAlert.$Properties;
        }

        interface IIncident extends threatguard.v1.Incident.$Properties {
        }

        class Incident {
            constructor(properties?: threatguard.v1.Incident.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            revision: number;
            title: string;
            severity: threatguard.v1.Severity;
            state: string;
            tactics: string[];
            alerts: threatguard.v1.IncidentAlert[];
            entities: threatguard.v1.EntityName[];
            firstAtUs: number;
            lastAtUs: number;
            raisedAtUs: number;
            updatedAtUs: number;
            static create(properties: threatguard.v1.Incident.$Shape): threatguard.v1.Incident & threatguard.v1.Incident.$Shape;
            static create(properties?: threatguard.v1.Incident.$Properties): threatguard.v1.Incident;
            static encode(message: threatguard.v1.Incident.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Incident & threatguard.v1.Incident.$Shape;
        }

        namespace Incident {
            interface $Properties {
                id?: string;
                revision?: number;
                title?: string;
                severity?: threatguard.v1.Severity;
                state?: string;
                tactics?: string[];
                alerts?: threatguard.v1.IncidentAlert.$Properties[];
                entities?: threatguard.v1.EntityName.$Properties[];
                firstAtUs?: number;
                lastAtUs?: number;
                raisedAtUs?: number;
                updatedAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Incident.$Properties;
        }

        interface IListIncidentsRequest extends threatguard.v1.ListIncidentsRequest.$Properties {
        }

        class ListIncidentsRequest {
            constructor(properties?: threatguard.v1.ListIncidentsRequest.$Properties);
            $unknowns?: Uint8Array[];
            state: string;
            severityMin: threatguard.v1.Severity;
            limit: number;
            after: string;
            sinceUs: number;
            untilUs: number;
            static create(properties: threatguard.v1.ListIncidentsRequest.$Shape): threatguard.v1.ListIncidentsRequest & threatguard.v1.ListIncidentsRequest.$Shape;
            static create(properties?: threatguard.v1.ListIncidentsRequest.$Properties): threatguard.v1.ListIncidentsRequest;
            static encode(message: threatguard.v1.ListIncidentsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListIncidentsRequest & threatguard.v1.ListIncidentsRequest.$Shape;
        }

        namespace ListIncidentsRequest {
            interface $Properties {
                state?: string;
                severityMin?: threatguard.v1.Severity;
                limit?: number;
                after?: string;
                sinceUs?: number;
                untilUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListIncidentsRequest.$Properties;
        }

        interface IListIncidentsResponse extends threatguard.v1.ListIncidentsResponse.$Properties {
        }

        class ListIncidentsResponse {
            constructor(properties?: threatguard.v1.ListIncidentsResponse.$Properties);
            $unknowns?: Uint8Array[];
            incidents: threatguard.v1.Incident[];
            next: string;
            static create(properties: threatguard.v1.ListIncidentsResponse.$Shape): threatguard.v1.ListIncidentsResponse & threatguard.v1.ListIncidentsResponse.$Shape;
            static create(properties?: threatguard.v1.ListIncidentsResponse.$Properties): threatguard.v1.ListIncidentsResponse;
            static encode(message: threatguard.v1.ListIncidentsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListIncidentsResponse & threatguard.v1.ListIncidentsResponse.$Shape;
        }

        namespace ListIncidentsResponse {
            interface $Properties {
                incidents?: threatguard.v1.Incident.$Properties[];
                next?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListIncidentsResponse.$Properties;
        }

        interface IGetIncidentRequest extends threatguard.v1.GetIncidentRequest.$Properties {
        }

        class GetIncidentRequest {
            constructor(properties?: threatguard.v1.GetIncidentRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.GetIncidentRequest.$Shape): threatguard.v1.GetIncidentRequest & threatguard.v1.GetIncidentRequest.$Shape;
            static create(properties?: threatguard.v1.GetIncidentRequest.$Properties): threatguard.v1.GetIncidentRequest;
            static encode(message: threatguard.v1.GetIncidentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetIncidentRequest & threatguard.v1.GetIncidentRequest.$Shape;
        }

        namespace GetIncidentRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetIncidentRequest.$Properties;
        }

        interface IGetIncidentResponse extends threatguard.v1.GetIncidentResponse.$Properties {
        }

        class GetIncidentResponse {
            constructor(properties?: threatguard.v1.GetIncidentResponse.$Properties);
            $unknowns?: Uint8Array[];
            incident: threatguard.v1.Incident;
            static create(properties: threatguard.v1.GetIncidentResponse.$Shape): threatguard.v1.GetIncidentResponse & threatguard.v1.GetIncidentResponse.$Shape;
            static create(properties?: threatguard.v1.GetIncidentResponse.$Properties): threatguard.v1.GetIncidentResponse;
            static encode(message: threatguard.v1.GetIncidentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetIncidentResponse & threatguard.v1.GetIncidentResponse.$Shape;
        }

        namespace GetIncidentResponse {
            interface $Properties {
                incident?: threatguard.v1.Incident.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetIncidentResponse.$Properties;
        }

        interface IAuditEntry extends threatguard.v1.AuditEntry.$Properties {
        }

        class AuditEntry {
            constructor(properties?: threatguard.v1.AuditEntry.$Properties);
            $unknowns?: Uint8Array[];
            sequence: number;
            atUs: number;
            actorKind: string;
            actorId: string;
            from: string;
            action: string;
            subject: string;
            before: string;
            after: string;
            digest: Uint8Array;
            previousDigest: Uint8Array;
            actorName: string;
            static create(properties: threatguard.v1.AuditEntry.$Shape): threatguard.v1.AuditEntry & threatguard.v1.AuditEntry.$Shape;
            static create(properties?: threatguard.v1.AuditEntry.$Properties): threatguard.v1.AuditEntry;
            static encode(message: threatguard.v1.AuditEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AuditEntry & threatguard.v1.AuditEntry.$Shape;
        }

        namespace AuditEntry {
            interface $Properties {
                sequence?: number;
                atUs?: number;
                actorKind?: string;
                actorId?: string;
                from?: string;
                action?: string;
                subject?: string;
                before?: string;
                after?: string;
                digest?: Uint8Array;
                previousDigest?: Uint8Array;
                actorName?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AuditEntry.$Properties;
        }

        interface IListAuditRequest extends threatguard.v1.ListAuditRequest.$Properties {
        }

        class ListAuditRequest {
            constructor(properties?: threatguard.v1.ListAuditRequest.$Properties);
            $unknowns?: Uint8Array[];
            limit: number;
            after: string;
            sinceUs: number;
            untilUs: number;
            static create(properties: threatguard.v1.ListAuditRequest.$Shape): threatguard.v1.ListAuditRequest & threatguard.v1.ListAuditRequest.$Shape;
            static create(properties?: threatguard.v1.ListAuditRequest.$Properties): threatguard.v1.ListAuditRequest;
            static encode(message: threatguard.v1.ListAuditRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListAuditRequest & threatguard.v1.ListAuditRequest.$Shape;
        }

        namespace ListAuditRequest {
            interface $Properties {
                limit?: number;
                after?: string;
                sinceUs?: number;
                untilUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListAuditRequest.$Properties;
        }

        interface IListAuditResponse extends threatguard.v1.ListAuditResponse.$Properties {
        }

        class ListAuditResponse {
            constructor(properties?: threatguard.v1.ListAuditResponse.$Properties);
            $unknowns?: Uint8Array[];
            entries: threatguard.v1.AuditEntry[];
            next: string;
            static create(properties: threatguard.v1.ListAuditResponse.$Shape): threatguard.v1.ListAuditResponse & threatguard.v1.ListAuditResponse.$Shape;
            static create(properties?: threatguard.v1.ListAuditResponse.$Properties): threatguard.v1.ListAuditResponse;
            static encode(message: threatguard.v1.ListAuditResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListAuditResponse & threatguard.v1.ListAuditResponse.$Shape;
        }

        namespace ListAuditResponse {
            interface $Properties {
                entries?: threatguard.v1.AuditEntry.$Properties[];
                next?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListAuditResponse.$Properties;
        }

        interface IVerifyAuditRequest extends threatguard.v1.VerifyAuditRequest.$Properties {
        }

        class VerifyAuditRequest {
            constructor(properties?: threatguard.v1.VerifyAuditRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.VerifyAuditRequest.$Shape): threatguard.v1.VerifyAuditRequest & threatguard.v1.VerifyAuditRequest.$Shape;
            static create(properties?: threatguard.v1.VerifyAuditRequest.$Properties): threatguard.v1.VerifyAuditRequest;
            static encode(message: threatguard.v1.VerifyAuditRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.VerifyAuditRequest & threatguard.v1.VerifyAuditRequest.$Shape;
        }

        namespace VerifyAuditRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.VerifyAuditRequest.$Properties;
        }

        interface IVerifyAuditResponse extends threatguard.v1.VerifyAuditResponse.$Properties {
        }

        class VerifyAuditResponse {
            constructor(properties?: threatguard.v1.VerifyAuditResponse.$Properties);
            $unknowns?: Uint8Array[];
            entries: number;
            firstSequence: number;
            headSequence: number;
            headDigest: Uint8Array;
            problemSequence: number;
            problem: string;
            static create(properties: threatguard.v1.VerifyAuditResponse.$Shape): threatguard.v1.VerifyAuditResponse & threatguard.v1.VerifyAuditResponse.$Shape;
            static create(properties?: threatguard.v1.VerifyAuditResponse.$Properties): threatguard.v1.VerifyAuditResponse;
            static encode(message: threatguard.v1.VerifyAuditResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.VerifyAuditResponse & threatguard.v1.VerifyAuditResponse.$Shape;
        }

        namespace VerifyAuditResponse {
            interface $Properties {
                entries?: number;
                firstSequence?: number;
                headSequence?: number;
                headDigest?: Uint8Array;
                problemSequence?: number;
                problem?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.VerifyAuditResponse.$Properties;
        }

        interface IGetStatusRequest extends threatguard.v1.GetStatusRequest.$Properties {
        }

        class GetStatusRequest {
            constructor(properties?: threatguard.v1.GetStatusRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.GetStatusRequest.$Shape): threatguard.v1.GetStatusRequest & threatguard.v1.GetStatusRequest.$Shape;
            static create(properties?: threatguard.v1.GetStatusRequest.$Properties): threatguard.v1.GetStatusRequest;
            static encode(message: threatguard.v1.GetStatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetStatusRequest & threatguard.v1.GetStatusRequest.$Shape;
        }

        namespace GetStatusRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetStatusRequest.$Properties;
        }

        interface IStatusReport extends threatguard.v1.StatusReport.$Properties {
        }

        class StatusReport {
            constructor(properties?: threatguard.v1.StatusReport.$Properties);
            $unknowns?: Uint8Array[];
            version: string;
            startedAtUs: number;
            storeEngine: string;
            storeVersion: string;
            storeState: string;
            publishState: string;
            eventsStored: number;
            envelopesStored: number;
            alertsOpen: number;
            outboxWaiting: number;
            eventsPerSecond: number;
            refusals: threatguard.v1.Counter[];
            losses: threatguard.v1.Counter[];
            agentsEnrolled: number;
            agentsConnected: number;
            rulesLoaded: number;
            rulesDisabled: string[];
            caSha256: string;
            kemEpoch: number;
            kemAlgorithm: string;
            signatureAlgorithm: string;
            tlsGroup: string;
            notices: string[];
            signingCertificate: Uint8Array;
            natsUrl: string;
            natsCredentials: string;
            space: threatguard.v1.KindSpace[];
            bytesPerEvent: number;
            cryptoProfile: string;
            cryptoProvider: string;
            caTrusted: string[];
            alertsWithheld: number;
            alertBudget: number;
            exceptions: number;
            forwards: threatguard.v1.ForwardTargetState[];
            demo: boolean;
            static create(properties: threatguard.v1.StatusReport.$Shape): threatguard.v1.StatusReport & threatguard.v1.StatusReport.$Shape;
            static create(properties?: threatguard.v1.StatusReport.$Properties): threatguard.v1.StatusReport;
            static encode(message: threatguard.v1.StatusReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.StatusReport & threatguard.v1.StatusReport.$Shape;
        }

        namespace StatusReport {
            interface $Properties {
                version?: string;
                startedAtUs?: number;
                storeEngine?: string;
                storeVersion?: string;
                storeState?: string;
                publishState?: string;
                eventsStored?: number;
                envelopesStored?: number;
                alertsOpen?: number;
                outboxWaiting?: number;
                eventsPerSecond?: number;
                refusals?: threatguard.v1.Counter.$Properties[];
                losses?: threatguard.v1.Counter.$Properties[];
                agentsEnrolled?: number;
                agentsConnected?: number;
                rulesLoaded?: number;
                rulesDisabled?: string[];
                caSha256?: string;
                kemEpoch?: number;
                kemAlgorithm?: string;
                signatureAlgorithm?: string;
                tlsGroup?: string;
                notices?: string[];
                signingCertificate?: Uint8Array;
                natsUrl?: string;
                natsCredentials?: string;
                space?: threatguard.v1.KindSpace.$Properties[];
                bytesPerEvent?: number;
                cryptoProfile?: string;
                cryptoProvider?: string;
                caTrusted?: string[];
                alertsWithheld?: number;
                alertBudget?: number;
                exceptions?: number;
                forwards?: threatguard.v1.ForwardTargetState.$Properties[];
                demo?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.StatusReport.$Properties;
        }

        interface IForwardTargetState extends threatguard.v1.ForwardTargetState.$Properties {
        }

        class ForwardTargetState {
            constructor(properties?: threatguard.v1.ForwardTargetState.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            stream: string;
            kind: string;
            delivering: boolean;
            lastError: string;
            waiting: number;
            oldestAtUs: number;
            delivered: number;
            refused: number;
            missed: number;
            deliveredAtUs: number;
            static create(properties: threatguard.v1.ForwardTargetState.$Shape): threatguard.v1.ForwardTargetState & threatguard.v1.ForwardTargetState.$Shape;
            static create(properties?: threatguard.v1.ForwardTargetState.$Properties): threatguard.v1.ForwardTargetState;
            static encode(message: threatguard.v1.ForwardTargetState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ForwardTargetState & threatguard.v1.ForwardTargetState.$Shape;
        }

        namespace ForwardTargetState {
            interface $Properties {
                name?: string;
                stream?: string;
                kind?: string;
                delivering?: boolean;
                lastError?: string;
                waiting?: number;
                oldestAtUs?: number;
                delivered?: number;
                refused?: number;
                missed?: number;
                deliveredAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ForwardTargetState.$Properties;
        }

        interface IGetVolumesRequest extends threatguard.v1.GetVolumesRequest.$Properties {
        }

        class GetVolumesRequest {
            constructor(properties?: threatguard.v1.GetVolumesRequest.$Properties);
            $unknowns?: Uint8Array[];
            sinceUs: number;
            static create(properties: threatguard.v1.GetVolumesRequest.$Shape): threatguard.v1.GetVolumesRequest & threatguard.v1.GetVolumesRequest.$Shape;
            static create(properties?: threatguard.v1.GetVolumesRequest.$Properties): threatguard.v1.GetVolumesRequest;
            static encode(message: threatguard.v1.GetVolumesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetVolumesRequest & threatguard.v1.GetVolumesRequest.$Shape;
        }

        namespace GetVolumesRequest {
            interface $Properties {
                sinceUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetVolumesRequest.$Properties;
        }

        interface IVolumes extends threatguard.v1.Volumes.$Properties {
        }

        class Volumes {
            constructor(properties?: threatguard.v1.Volumes.$Properties);
            $unknowns?: Uint8Array[];
            alerts: threatguard.v1.AlertVolume[];
            events: threatguard.v1.EventVolume[];
            static create(properties: threatguard.v1.Volumes.$Shape): threatguard.v1.Volumes & threatguard.v1.Volumes.$Shape;
            static create(properties?: threatguard.v1.Volumes.$Properties): threatguard.v1.Volumes;
            static encode(message: threatguard.v1.Volumes.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Volumes & threatguard.v1.Volumes.$Shape;
        }

        namespace Volumes {
            interface $Properties {
                alerts?: threatguard.v1.AlertVolume.$Properties[];
                events?: threatguard.v1.EventVolume.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Volumes.$Properties;
        }

        interface IAlertVolume extends threatguard.v1.AlertVolume.$Properties {
        }

        class AlertVolume {
            constructor(properties?: threatguard.v1.AlertVolume.$Properties);
            $unknowns?: Uint8Array[];
            hourUs: number;
            severity: threatguard.v1.Severity;
            count: number;
            static create(properties: threatguard.v1.AlertVolume.$Shape): threatguard.v1.AlertVolume & threatguard.v1.AlertVolume.$Shape;
            static create(properties?: threatguard.v1.AlertVolume.$Properties): threatguard.v1.AlertVolume;
            static encode(message: threatguard.v1.AlertVolume.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AlertVolume & threatguard.v1.AlertVolume.$Shape;
        }

        namespace AlertVolume {
            interface $Properties {
                hourUs?: number;
                severity?: threatguard.v1.Severity;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AlertVolume.$Properties;
        }

        interface IEventVolume extends threatguard.v1.EventVolume.$Properties {
        }

        class EventVolume {
            constructor(properties?: threatguard.v1.EventVolume.$Properties);
            $unknowns?: Uint8Array[];
            hourUs: number;
            count: number;
            static create(properties: threatguard.v1.EventVolume.$Shape): threatguard.v1.EventVolume & threatguard.v1.EventVolume.$Shape;
            static create(properties?: threatguard.v1.EventVolume.$Properties): threatguard.v1.EventVolume;
            static encode(message: threatguard.v1.EventVolume.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EventVolume & threatguard.v1.EventVolume.$Shape;
        }

        namespace EventVolume {
            interface $Properties {
                hourUs?: number;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EventVolume.$Properties;
        }

        interface IKindSpace extends threatguard.v1.KindSpace.$Properties {
        }

        class KindSpace {
            constructor(properties?: threatguard.v1.KindSpace.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            bytes: number;
            keptDays: number;
            static create(properties: threatguard.v1.KindSpace.$Shape): threatguard.v1.KindSpace & threatguard.v1.KindSpace.$Shape;
            static create(properties?: threatguard.v1.KindSpace.$Properties): threatguard.v1.KindSpace;
            static encode(message: threatguard.v1.KindSpace.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KindSpace & threatguard.v1.KindSpace.$Shape;
        }

        namespace KindSpace {
            interface $Properties {
                kind?: string;
                bytes?: number;
                keptDays?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KindSpace.$Properties;
        }

        interface ICounter extends threatguard.v1.Counter.$Properties {
        }

        class Counter {
            constructor(properties?: threatguard.v1.Counter.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            count: number;
            static create(properties: threatguard.v1.Counter.$Shape): threatguard.v1.Counter & threatguard.v1.Counter.$Shape;
            static create(properties?: threatguard.v1.Counter.$Properties): threatguard.v1.Counter;
            static encode(message: threatguard.v1.Counter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Counter & threatguard.v1.Counter.$Shape;
        }

        namespace Counter {
            interface $Properties {
                name?: string;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Counter.$Properties;
        }

        interface IListAgentsRequest extends threatguard.v1.ListAgentsRequest.$Properties {
        }

        class ListAgentsRequest {
            constructor(properties?: threatguard.v1.ListAgentsRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.ListAgentsRequest.$Shape): threatguard.v1.ListAgentsRequest & threatguard.v1.ListAgentsRequest.$Shape;
            static create(properties?: threatguard.v1.ListAgentsRequest.$Properties): threatguard.v1.ListAgentsRequest;
            static encode(message: threatguard.v1.ListAgentsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListAgentsRequest & threatguard.v1.ListAgentsRequest.$Shape;
        }

        namespace ListAgentsRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListAgentsRequest.$Properties;
        }

        interface IListAgentsResponse extends threatguard.v1.ListAgentsResponse.$Properties {
        }

        class ListAgentsResponse {
            constructor(properties?: threatguard.v1.ListAgentsResponse.$Properties);
            $unknowns?: Uint8Array[];
            agents: threatguard.v1.AgentSummary[];
            static create(properties: threatguard.v1.ListAgentsResponse.$Shape): threatguard.v1.ListAgentsResponse & threatguard.v1.ListAgentsResponse.$Shape;
            static create(properties?: threatguard.v1.ListAgentsResponse.$Properties): threatguard.v1.ListAgentsResponse;
            static encode(message: threatguard.v1.ListAgentsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListAgentsResponse & threatguard.v1.ListAgentsResponse.$Shape;
        }

        namespace ListAgentsResponse {
            interface $Properties {
                agents?: threatguard.v1.AgentSummary.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListAgentsResponse.$Properties;
        }

        interface IAgentSummary extends threatguard.v1.AgentSummary.$Properties {
        }

        class AgentSummary {
            constructor(properties?: threatguard.v1.AgentSummary.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            name: string;
            state: string;
            enrolledAtUs: number;
            lastSeenAtUs: number;
            version: string;
            os: string;
            kernel: string;
            events: number;
            lost: number;
            clockOffsetUs: number;
            kemEpoch: number;
            sensors: threatguard.v1.SensorHealth[];
            certificateExpiresAtUs: number;
            spooledEnvelopes: number;
            address: string;
            group: string;
            labels: { [k: string]: string };
            static create(properties: threatguard.v1.AgentSummary.$Shape): threatguard.v1.AgentSummary & threatguard.v1.AgentSummary.$Shape;
            static create(properties?: threatguard.v1.AgentSummary.$Properties): threatguard.v1.AgentSummary;
            static encode(message: threatguard.v1.AgentSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AgentSummary & threatguard.v1.AgentSummary.$Shape;
        }

        namespace AgentSummary {
            interface $Properties {
                id?: string;
                name?: string;
                state?: string;
                enrolledAtUs?: number;
                lastSeenAtUs?: number;
                version?: string;
                os?: string;
                kernel?: string;
                events?: number;
                lost?: number;
                clockOffsetUs?: number;
                kemEpoch?: number;
                sensors?: threatguard.v1.SensorHealth.$Properties[];
                certificateExpiresAtUs?: number;
                spooledEnvelopes?: number;
                address?: string;
                group?: string;
                labels?: { [k: string]: string };
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AgentSummary.$Properties;
        }

        interface IGetAgentRequest extends threatguard.v1.GetAgentRequest.$Properties {
        }

        class GetAgentRequest {
            constructor(properties?: threatguard.v1.GetAgentRequest.$Properties);
            $unknowns?: Uint8Array[];
            agent: string;
            static create(properties: threatguard.v1.GetAgentRequest.$Shape): threatguard.v1.GetAgentRequest & threatguard.v1.GetAgentRequest.$Shape;
            static create(properties?: threatguard.v1.GetAgentRequest.$Properties): threatguard.v1.GetAgentRequest;
            static encode(message: threatguard.v1.GetAgentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetAgentRequest & threatguard.v1.GetAgentRequest.$Shape;
        }

        namespace GetAgentRequest {
            interface $Properties {
                agent?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetAgentRequest.$Properties;
        }

        interface IGetAgentResponse extends threatguard.v1.GetAgentResponse.$Properties {
        }

        class GetAgentResponse {
            constructor(properties?: threatguard.v1.GetAgentResponse.$Properties);
            $unknowns?: Uint8Array[];
            agent: threatguard.v1.AgentSummary;
            machineId: string;
            signingKeyId: string;
            losses: threatguard.v1.Loss[];
            observedHour: number;
            observedDay: number;
            newestEventAtUs: number;
            newestEventStoredAtUs: number;
            static create(properties: threatguard.v1.GetAgentResponse.$Shape): threatguard.v1.GetAgentResponse & threatguard.v1.GetAgentResponse.$Shape;
            static create(properties?: threatguard.v1.GetAgentResponse.$Properties): threatguard.v1.GetAgentResponse;
            static encode(message: threatguard.v1.GetAgentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetAgentResponse & threatguard.v1.GetAgentResponse.$Shape;
        }

        namespace GetAgentResponse {
            interface $Properties {
                agent?: threatguard.v1.AgentSummary.$Properties;
                machineId?: string;
                signingKeyId?: string;
                losses?: threatguard.v1.Loss.$Properties[];
                observedHour?: number;
                observedDay?: number;
                newestEventAtUs?: number;
                newestEventStoredAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetAgentResponse.$Properties;
        }

        interface IRevokeAgentRequest extends threatguard.v1.RevokeAgentRequest.$Properties {
        }

        class RevokeAgentRequest {
            constructor(properties?: threatguard.v1.RevokeAgentRequest.$Properties);
            $unknowns?: Uint8Array[];
            agent: string;
            static create(properties: threatguard.v1.RevokeAgentRequest.$Shape): threatguard.v1.RevokeAgentRequest & threatguard.v1.RevokeAgentRequest.$Shape;
            static create(properties?: threatguard.v1.RevokeAgentRequest.$Properties): threatguard.v1.RevokeAgentRequest;
            static encode(message: threatguard.v1.RevokeAgentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RevokeAgentRequest & threatguard.v1.RevokeAgentRequest.$Shape;
        }

        namespace RevokeAgentRequest {
            interface $Properties {
                agent?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RevokeAgentRequest.$Properties;
        }

        interface IRevokeAgentResponse extends threatguard.v1.RevokeAgentResponse.$Properties {
        }

        class RevokeAgentResponse {
            constructor(properties?: threatguard.v1.RevokeAgentResponse.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            streamEnded: boolean;
            static create(properties: threatguard.v1.RevokeAgentResponse.$Shape): threatguard.v1.RevokeAgentResponse & threatguard.v1.RevokeAgentResponse.$Shape;
            static create(properties?: threatguard.v1.RevokeAgentResponse.$Properties): threatguard.v1.RevokeAgentResponse;
            static encode(message: threatguard.v1.RevokeAgentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RevokeAgentResponse & threatguard.v1.RevokeAgentResponse.$Shape;
        }

        namespace RevokeAgentResponse {
            interface $Properties {
                agentId?: string;
                streamEnded?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RevokeAgentResponse.$Properties;
        }

        interface ILabelAgentRequest extends threatguard.v1.LabelAgentRequest.$Properties {
        }

        class LabelAgentRequest {
            constructor(properties?: threatguard.v1.LabelAgentRequest.$Properties);
            $unknowns?: Uint8Array[];
            agent: string;
            set: { [k: string]: string };
            remove: string[];
            static create(properties: threatguard.v1.LabelAgentRequest.$Shape): threatguard.v1.LabelAgentRequest & threatguard.v1.LabelAgentRequest.$Shape;
            static create(properties?: threatguard.v1.LabelAgentRequest.$Properties): threatguard.v1.LabelAgentRequest;
            static encode(message: threatguard.v1.LabelAgentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LabelAgentRequest & threatguard.v1.LabelAgentRequest.$Shape;
        }

        namespace LabelAgentRequest {
            interface $Properties {
                agent?: string;
                set?: { [k: string]: string };
                remove?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LabelAgentRequest.$Properties;
        }

        interface ILabelAgentResponse extends threatguard.v1.LabelAgentResponse.$Properties {
        }

        class LabelAgentResponse {
            constructor(properties?: threatguard.v1.LabelAgentResponse.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            labels: { [k: string]: string };
            static create(properties: threatguard.v1.LabelAgentResponse.$Shape): threatguard.v1.LabelAgentResponse & threatguard.v1.LabelAgentResponse.$Shape;
            static create(properties?: threatguard.v1.LabelAgentResponse.$Properties): threatguard.v1.LabelAgentResponse;
            static encode(message: threatguard.v1.LabelAgentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LabelAgentResponse & threatguard.v1.LabelAgentResponse.$Shape;
        }

        namespace LabelAgentResponse {
            interface $Properties {
                agentId?: string;
                labels?: { [k: string]: string };
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LabelAgentResponse.$Properties;
        }

        interface IRemoveAgentRequest extends threatguard.v1.RemoveAgentRequest.$Properties {
        }

        class RemoveAgentRequest {
            constructor(properties?: threatguard.v1.RemoveAgentRequest.$Properties);
            $unknowns?: Uint8Array[];
            agent: string;
            force: boolean;
            static create(properties: threatguard.v1.RemoveAgentRequest.$Shape): threatguard.v1.RemoveAgentRequest & threatguard.v1.RemoveAgentRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveAgentRequest.$Properties): threatguard.v1.RemoveAgentRequest;
            static encode(message: threatguard.v1.RemoveAgentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveAgentRequest & threatguard.v1.RemoveAgentRequest.$Shape;
        }

        namespace RemoveAgentRequest {
            interface $Properties {
                agent?: string;
                force?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveAgentRequest.$Properties;
        }

        interface IRemoveAgentResponse extends threatguard.v1.RemoveAgentResponse.$Properties {
        }

        class RemoveAgentResponse {
            constructor(properties?: threatguard.v1.RemoveAgentResponse.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            name: string;
            revoked: boolean;
            static create(properties: threatguard.v1.RemoveAgentResponse.$Shape): threatguard.v1.RemoveAgentResponse & threatguard.v1.RemoveAgentResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveAgentResponse.$Properties): threatguard.v1.RemoveAgentResponse;
            static encode(message: threatguard.v1.RemoveAgentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveAgentResponse & threatguard.v1.RemoveAgentResponse.$Shape;
        }

        namespace RemoveAgentResponse {
            interface $Properties {
                agentId?: string;
                name?: string;
                revoked?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveAgentResponse.$Properties;
        }

        interface ICreateTokenRequest extends threatguard.v1.CreateTokenRequest.$Properties {
        }

        class CreateTokenRequest {
            constructor(properties?: threatguard.v1.CreateTokenRequest.$Properties);
            $unknowns?: Uint8Array[];
            uses: number;
            validSeconds: number;
            label: string;
            group: string;
            replace: boolean;
            static create(properties: threatguard.v1.CreateTokenRequest.$Shape): threatguard.v1.CreateTokenRequest & threatguard.v1.CreateTokenRequest.$Shape;
            static create(properties?: threatguard.v1.CreateTokenRequest.$Properties): threatguard.v1.CreateTokenRequest;
            static encode(message: threatguard.v1.CreateTokenRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CreateTokenRequest & threatguard.v1.CreateTokenRequest.$Shape;
        }

        namespace CreateTokenRequest {
            interface $Properties {
                uses?: number;
                validSeconds?: number;
                label?: string;
                group?: string;
                replace?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CreateTokenRequest.$Properties;
        }

        interface ICreateTokenResponse extends threatguard.v1.CreateTokenResponse.$Properties {
        }

        class CreateTokenResponse {
            constructor(properties?: threatguard.v1.CreateTokenResponse.$Properties);
            $unknowns?: Uint8Array[];
            token: string;
            expiresAtUs: number;
            uses: number;
            static create(properties: threatguard.v1.CreateTokenResponse.$Shape): threatguard.v1.CreateTokenResponse & threatguard.v1.CreateTokenResponse.$Shape;
            static create(properties?: threatguard.v1.CreateTokenResponse.$Properties): threatguard.v1.CreateTokenResponse;
            static encode(message: threatguard.v1.CreateTokenResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CreateTokenResponse & threatguard.v1.CreateTokenResponse.$Shape;
        }

        namespace CreateTokenResponse {
            interface $Properties {
                token?: string;
                expiresAtUs?: number;
                uses?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CreateTokenResponse.$Properties;
        }

        interface IAlertFilter extends threatguard.v1.AlertFilter.$Properties {
        }

        class AlertFilter {
            constructor(properties?: threatguard.v1.AlertFilter.$Properties);
            $unknowns?: Uint8Array[];
            severityMin: threatguard.v1.Severity;
            agent: string;
            user: string;
            technique: string;
            state: threatguard.v1.AlertState;
            sinceUs: number;
            untilUs: number;
            assignee: string;
            withheld: threatguard.v1.Withheld;
            labels: threatguard.v1.FieldFilter[];
            static create(properties: threatguard.v1.AlertFilter.$Shape): threatguard.v1.AlertFilter & threatguard.v1.AlertFilter.$Shape;
            static create(properties?: threatguard.v1.AlertFilter.$Properties): threatguard.v1.AlertFilter;
            static encode(message: threatguard.v1.AlertFilter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AlertFilter & threatguard.v1.AlertFilter.$Shape;
        }

        namespace AlertFilter {
            interface $Properties {
                severityMin?: threatguard.v1.Severity;
                agent?: string;
                user?: string;
                technique?: string;
                state?: threatguard.v1.AlertState;
                sinceUs?: number;
                untilUs?: number;
                assignee?: string;
                withheld?: threatguard.v1.Withheld;
                labels?: threatguard.v1.FieldFilter.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AlertFilter.$Properties;
        }

        enum Withheld {
            WITHHELD_LEFT_OUT = 0,
            WITHHELD_ONLY = 1,
            WITHHELD_INCLUDED = 2
        }

        interface IListAlertsRequest extends threatguard.v1.ListAlertsRequest.$Properties {
        }

        class ListAlertsRequest {
            constructor(properties?: threatguard.v1.ListAlertsRequest.$Properties);
            $unknowns?: Uint8Array[];
            filter: threatguard.v1.AlertFilter;
            limit: number;
            after: string;
            order: threatguard.v1.AlertOrder;
            static create(properties: threatguard.v1.ListAlertsRequest.$Shape): threatguard.v1.ListAlertsRequest & threatguard.v1.ListAlertsRequest.$Shape;
            static create(properties?: threatguard.v1.ListAlertsRequest.$Properties): threatguard.v1.ListAlertsRequest;
            static encode(message: threatguard.v1.ListAlertsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListAlertsRequest & threatguard.v1.ListAlertsRequest.$Shape;
        }

        namespace ListAlertsRequest {
            interface $Properties {
                filter?: threatguard.v1.AlertFilter.$Properties;
                limit?: number;
                after?: string;
                order?: threatguard.v1.AlertOrder;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListAlertsRequest.$Properties;
        }

        enum AlertOrder {
            ALERT_ORDER_NEWEST = 0,
            ALERT_ORDER_TRIAGE = 1
        }

        interface IListAlertsResponse extends threatguard.v1.ListAlertsResponse.$Properties {
        }

        class ListAlertsResponse {
            constructor(properties?: threatguard.v1.ListAlertsResponse.$Properties);
            $unknowns?: Uint8Array[];
            alerts: threatguard.v1.Alert[];
            next: string;
            static create(properties: threatguard.v1.ListAlertsResponse.$Shape): threatguard.v1.ListAlertsResponse & threatguard.v1.ListAlertsResponse.$Shape;
            static create(properties?: threatguard.v1.ListAlertsResponse.$Properties): threatguard.v1.ListAlertsResponse;
            static encode(message: threatguard.v1.ListAlertsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListAlertsResponse & threatguard.v1.ListAlertsResponse.$Shape;
        }

        namespace ListAlertsResponse {
            interface $Properties {
                alerts?: threatguard.v1.Alert.$Properties[];
                next?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListAlertsResponse.$Properties;
        }

        interface IGetAlertRequest extends threatguard.v1.GetAlertRequest.$Properties {
        }

        class GetAlertRequest {
            constructor(properties?: threatguard.v1.GetAlertRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.GetAlertRequest.$Shape): threatguard.v1.GetAlertRequest & threatguard.v1.GetAlertRequest.$Shape;
            static create(properties?: threatguard.v1.GetAlertRequest.$Properties): threatguard.v1.GetAlertRequest;
            static encode(message: threatguard.v1.GetAlertRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetAlertRequest & threatguard.v1.GetAlertRequest.$Shape;
        }

        namespace GetAlertRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetAlertRequest.$Properties;
        }

        interface IGetAlertResponse extends threatguard.v1.GetAlertResponse.$Properties {
        }

        class GetAlertResponse {
            constructor(properties?: threatguard.v1.GetAlertResponse.$Properties);
            $unknowns?: Uint8Array[];
            alert: threatguard.v1.Alert;
            events: threatguard.v1.StoredEvent[];
            triage: threatguard.v1.TriageScore;
            suppressed: number;
            static create(properties: threatguard.v1.GetAlertResponse.$Shape): threatguard.v1.GetAlertResponse & threatguard.v1.GetAlertResponse.$Shape;
            static create(properties?: threatguard.v1.GetAlertResponse.$Properties): threatguard.v1.GetAlertResponse;
            static encode(message: threatguard.v1.GetAlertResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetAlertResponse & threatguard.v1.GetAlertResponse.$Shape;
        }

        namespace GetAlertResponse {
            interface $Properties {
                alert?: threatguard.v1.Alert.$Properties;
                events?: threatguard.v1.StoredEvent.$Properties[];
                triage?: threatguard.v1.TriageScore.$Properties;
                suppressed?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetAlertResponse.$Properties;
        }

        interface IWatchAlertsRequest extends threatguard.v1.WatchAlertsRequest.$Properties {
        }

        class WatchAlertsRequest {
            constructor(properties?: threatguard.v1.WatchAlertsRequest.$Properties);
            $unknowns?: Uint8Array[];
            filter: threatguard.v1.AlertFilter;
            static create(properties: threatguard.v1.WatchAlertsRequest.$Shape): threatguard.v1.WatchAlertsRequest & threatguard.v1.WatchAlertsRequest.$Shape;
            static create(properties?: threatguard.v1.WatchAlertsRequest.$Properties): threatguard.v1.WatchAlertsRequest;
            static encode(message: threatguard.v1.WatchAlertsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.WatchAlertsRequest & threatguard.v1.WatchAlertsRequest.$Shape;
        }

        namespace WatchAlertsRequest {
            interface $Properties {
                filter?: threatguard.v1.AlertFilter.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.WatchAlertsRequest.$Properties;
        }

        interface IFieldFilter extends threatguard.v1.FieldFilter.$Properties {
        }

        class FieldFilter {
            constructor(properties?: threatguard.v1.FieldFilter.$Properties);
            $unknowns?: Uint8Array[];
            field: string;
            value: string;
            negated: boolean;
            static create(properties: threatguard.v1.FieldFilter.$Shape): threatguard.v1.FieldFilter & threatguard.v1.FieldFilter.$Shape;
            static create(properties?: threatguard.v1.FieldFilter.$Properties): threatguard.v1.FieldFilter;
            static encode(message: threatguard.v1.FieldFilter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.FieldFilter & threatguard.v1.FieldFilter.$Shape;
        }

        namespace FieldFilter {
            interface $Properties {
                field?: string;
                value?: string;
                negated?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.FieldFilter.$Properties;
        }

        interface ISearchEventsRequest extends threatguard.v1.SearchEventsRequest.$Properties {
        }

        class SearchEventsRequest {
            constructor(properties?: threatguard.v1.SearchEventsRequest.$Properties);
            $unknowns?: Uint8Array[];
            filters: threatguard.v1.FieldFilter[];
            sinceUs: number;
            untilUs: number;
            limit: number;
            after: string;
            static create(properties: threatguard.v1.SearchEventsRequest.$Shape): threatguard.v1.SearchEventsRequest & threatguard.v1.SearchEventsRequest.$Shape;
            static create(properties?: threatguard.v1.SearchEventsRequest.$Properties): threatguard.v1.SearchEventsRequest;
            static encode(message: threatguard.v1.SearchEventsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SearchEventsRequest & threatguard.v1.SearchEventsRequest.$Shape;
        }

        namespace SearchEventsRequest {
            interface $Properties {
                filters?: threatguard.v1.FieldFilter.$Properties[];
                sinceUs?: number;
                untilUs?: number;
                limit?: number;
                after?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SearchEventsRequest.$Properties;
        }

        interface IGetEventRequest extends threatguard.v1.GetEventRequest.$Properties {
        }

        class GetEventRequest {
            constructor(properties?: threatguard.v1.GetEventRequest.$Properties);
            $unknowns?: Uint8Array[];
            event: string;
            static create(properties: threatguard.v1.GetEventRequest.$Shape): threatguard.v1.GetEventRequest & threatguard.v1.GetEventRequest.$Shape;
            static create(properties?: threatguard.v1.GetEventRequest.$Properties): threatguard.v1.GetEventRequest;
            static encode(message: threatguard.v1.GetEventRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetEventRequest & threatguard.v1.GetEventRequest.$Shape;
        }

        namespace GetEventRequest {
            interface $Properties {
                event?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetEventRequest.$Properties;
        }

        interface ISearchEventsResponse extends threatguard.v1.SearchEventsResponse.$Properties {
        }

        class SearchEventsResponse {
            constructor(properties?: threatguard.v1.SearchEventsResponse.$Properties);
            $unknowns?: Uint8Array[];
            events: threatguard.v1.StoredEvent[];
            next: string;
            searchedBackToUs: number;
            static create(properties: threatguard.v1.SearchEventsResponse.$Shape): threatguard.v1.SearchEventsResponse & threatguard.v1.SearchEventsResponse.$Shape;
            static create(properties?: threatguard.v1.SearchEventsResponse.$Properties): threatguard.v1.SearchEventsResponse;
            static encode(message: threatguard.v1.SearchEventsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SearchEventsResponse & threatguard.v1.SearchEventsResponse.$Shape;
        }

        namespace SearchEventsResponse {
            interface $Properties {
                events?: threatguard.v1.StoredEvent.$Properties[];
                next?: string;
                searchedBackToUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SearchEventsResponse.$Properties;
        }

        interface IBatch extends threatguard.v1.Batch.$Properties {
        }

        class Batch {
            constructor(properties?: threatguard.v1.Batch.$Properties);
            $unknowns?: Uint8Array[];
            events: threatguard.v1.HostEvent[];
            static create(properties: threatguard.v1.Batch.$Shape): threatguard.v1.Batch & threatguard.v1.Batch.$Shape;
            static create(properties?: threatguard.v1.Batch.$Properties): threatguard.v1.Batch;
            static encode(message: threatguard.v1.Batch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Batch & threatguard.v1.Batch.$Shape;
        }

        namespace Batch {
            interface $Properties {
                events?: threatguard.v1.HostEvent.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Batch.$Properties;
        }

        interface ILoss extends threatguard.v1.Loss.$Properties {
        }

        class Loss {
            constructor(properties?: threatguard.v1.Loss.$Properties);
            $unknowns?: Uint8Array[];
            sensor: string;
            reason: string;
            count: number;
            firstAtUs: number;
            lastAtUs: number;
            static create(properties: threatguard.v1.Loss.$Shape): threatguard.v1.Loss & threatguard.v1.Loss.$Shape;
            static create(properties?: threatguard.v1.Loss.$Properties): threatguard.v1.Loss;
            static encode(message: threatguard.v1.Loss.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Loss & threatguard.v1.Loss.$Shape;
        }

        namespace Loss {
            interface $Properties {
                sensor?: string;
                reason?: string;
                count?: number;
                firstAtUs?: number;
                lastAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Loss.$Properties;
        }

        interface IEnvelopeHeader extends threatguard.v1.EnvelopeHeader.$Properties {
        }

        class EnvelopeHeader {
            constructor(properties?: threatguard.v1.EnvelopeHeader.$Properties);
            $unknowns?: Uint8Array[];
            version: number;
            agentId: string;
            signingKeyId: Uint8Array;
            streamId: Uint8Array;
            sequence: number;
            previousHeaderDigest: Uint8Array;
            eventCount: number;
            firstEventAtUs: number;
            lastEventAtUs: number;
            sealedAtUs: number;
            losses: threatguard.v1.Loss[];
            payloadDigest: Uint8Array;
            batchBytes: number;
            kemAlgorithm: string;
            kemEpoch: number;
            kemCiphertext: Uint8Array;
            nonce: Uint8Array;
            static create(properties: threatguard.v1.EnvelopeHeader.$Shape): threatguard.v1.EnvelopeHeader & threatguard.v1.EnvelopeHeader.$Shape;
            static create(properties?: threatguard.v1.EnvelopeHeader.$Properties): threatguard.v1.EnvelopeHeader;
            static encode(message: threatguard.v1.EnvelopeHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EnvelopeHeader & threatguard.v1.EnvelopeHeader.$Shape;
        }

        namespace EnvelopeHeader {
            interface $Properties {
                version?: number;
                agentId?: string;
                signingKeyId?: Uint8Array;
                streamId?: Uint8Array;
                sequence?: number;
                previousHeaderDigest?: Uint8Array;
                eventCount?: number;
                firstEventAtUs?: number;
                lastEventAtUs?: number;
                sealedAtUs?: number;
                losses?: threatguard.v1.Loss.$Properties[];
                payloadDigest?: Uint8Array;
                batchBytes?: number;
                kemAlgorithm?: string;
                kemEpoch?: number;
                kemCiphertext?: Uint8Array;
                nonce?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EnvelopeHeader.$Properties;
        }

        interface IEnvelope extends threatguard.v1.Envelope.$Properties {
        }

        class Envelope {
            constructor(properties?: threatguard.v1.Envelope.$Properties);
            $unknowns?: Uint8Array[];
            header: Uint8Array;
            signature: Uint8Array;
            ciphertext: Uint8Array;
            static create(properties: threatguard.v1.Envelope.$Shape): threatguard.v1.Envelope & threatguard.v1.Envelope.$Shape;
            static create(properties?: threatguard.v1.Envelope.$Properties): threatguard.v1.Envelope;
            static encode(message: threatguard.v1.Envelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Envelope & threatguard.v1.Envelope.$Shape;
        }

        namespace Envelope {
            interface $Properties {
                header?: Uint8Array;
                signature?: Uint8Array;
                ciphertext?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Envelope.$Properties;
        }

        interface ICryptoReportRequest extends threatguard.v1.CryptoReportRequest.$Properties {
        }

        class CryptoReportRequest {
            constructor(properties?: threatguard.v1.CryptoReportRequest.$Properties);
            $unknowns?: Uint8Array[];
            policy: string;
            static create(properties: threatguard.v1.CryptoReportRequest.$Shape): threatguard.v1.CryptoReportRequest & threatguard.v1.CryptoReportRequest.$Shape;
            static create(properties?: threatguard.v1.CryptoReportRequest.$Properties): threatguard.v1.CryptoReportRequest;
            static encode(message: threatguard.v1.CryptoReportRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CryptoReportRequest & threatguard.v1.CryptoReportRequest.$Shape;
        }

        namespace CryptoReportRequest {
            interface $Properties {
                policy?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CryptoReportRequest.$Properties;
        }

        interface ICryptoReport extends threatguard.v1.CryptoReport.$Properties {
        }

        class CryptoReport {
            constructor(properties?: threatguard.v1.CryptoReport.$Properties);
            $unknowns?: Uint8Array[];
            profile: string;
            policy: string;
            hosts: threatguard.v1.CryptoHost[];
            below: number;
            static create(properties: threatguard.v1.CryptoReport.$Shape): threatguard.v1.CryptoReport & threatguard.v1.CryptoReport.$Shape;
            static create(properties?: threatguard.v1.CryptoReport.$Properties): threatguard.v1.CryptoReport;
            static encode(message: threatguard.v1.CryptoReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CryptoReport & threatguard.v1.CryptoReport.$Shape;
        }

        namespace CryptoReport {
            interface $Properties {
                profile?: string;
                policy?: string;
                hosts?: threatguard.v1.CryptoHost.$Properties[];
                below?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CryptoReport.$Properties;
        }

        interface ICryptoHost extends threatguard.v1.CryptoHost.$Properties {
        }

        class CryptoHost {
            constructor(properties?: threatguard.v1.CryptoHost.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            name: string;
            connected: boolean;
            tlsProtocol: string;
            tlsGroup: string;
            signatureAlgorithm: string;
            keyId: string;
            certificateExpiresAtUs: number;
            provider: string;
            sinceUs: number;
            sessionAtUs: number;
            below: string[];
            static create(properties: threatguard.v1.CryptoHost.$Shape): threatguard.v1.CryptoHost & threatguard.v1.CryptoHost.$Shape;
            static create(properties?: threatguard.v1.CryptoHost.$Properties): threatguard.v1.CryptoHost;
            static encode(message: threatguard.v1.CryptoHost.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CryptoHost & threatguard.v1.CryptoHost.$Shape;
        }

        namespace CryptoHost {
            interface $Properties {
                agentId?: string;
                name?: string;
                connected?: boolean;
                tlsProtocol?: string;
                tlsGroup?: string;
                signatureAlgorithm?: string;
                keyId?: string;
                certificateExpiresAtUs?: number;
                provider?: string;
                sinceUs?: number;
                sessionAtUs?: number;
                below?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CryptoHost.$Properties;
        }

        interface IExportEvidenceRequest extends threatguard.v1.ExportEvidenceRequest.$Properties {
        }

        class ExportEvidenceRequest {
            constructor(properties?: threatguard.v1.ExportEvidenceRequest.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            agent: string;
            fromUs: number;
            toUs: number;
            headDigests: Uint8Array[];
            static create(properties: threatguard.v1.ExportEvidenceRequest.$Shape): threatguard.v1.ExportEvidenceRequest & threatguard.v1.ExportEvidenceRequest.$Shape;
            static create(properties?: threatguard.v1.ExportEvidenceRequest.$Properties): threatguard.v1.ExportEvidenceRequest;
            static encode(message: threatguard.v1.ExportEvidenceRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExportEvidenceRequest & threatguard.v1.ExportEvidenceRequest.$Shape;
        }

        namespace ExportEvidenceRequest {
            interface $Properties {
                alertId?: string;
                agent?: string;
                fromUs?: number;
                toUs?: number;
                headDigests?: Uint8Array[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExportEvidenceRequest.$Properties;
        }

        interface IEvidenceChunk extends threatguard.v1.EvidenceChunk.$Properties {
        }

        class EvidenceChunk {
            constructor(properties?: threatguard.v1.EvidenceChunk.$Properties);
            $unknowns?: Uint8Array[];
            data: Uint8Array;
            envelopesWritten: number;
            envelopes: number;
            notice: string;
            static create(properties: threatguard.v1.EvidenceChunk.$Shape): threatguard.v1.EvidenceChunk & threatguard.v1.EvidenceChunk.$Shape;
            static create(properties?: threatguard.v1.EvidenceChunk.$Properties): threatguard.v1.EvidenceChunk;
            static encode(message: threatguard.v1.EvidenceChunk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EvidenceChunk & threatguard.v1.EvidenceChunk.$Shape;
        }

        namespace EvidenceChunk {
            interface $Properties {
                data?: Uint8Array;
                envelopesWritten?: number;
                envelopes?: number;
                notice?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EvidenceChunk.$Properties;
        }

        interface IListTreeHeadsRequest extends threatguard.v1.ListTreeHeadsRequest.$Properties {
        }

        class ListTreeHeadsRequest {
            constructor(properties?: threatguard.v1.ListTreeHeadsRequest.$Properties);
            $unknowns?: Uint8Array[];
            limit: number;
            static create(properties: threatguard.v1.ListTreeHeadsRequest.$Shape): threatguard.v1.ListTreeHeadsRequest & threatguard.v1.ListTreeHeadsRequest.$Shape;
            static create(properties?: threatguard.v1.ListTreeHeadsRequest.$Properties): threatguard.v1.ListTreeHeadsRequest;
            static encode(message: threatguard.v1.ListTreeHeadsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListTreeHeadsRequest & threatguard.v1.ListTreeHeadsRequest.$Shape;
        }

        namespace ListTreeHeadsRequest {
            interface $Properties {
                limit?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListTreeHeadsRequest.$Properties;
        }

        interface IListTreeHeadsResponse extends threatguard.v1.ListTreeHeadsResponse.$Properties {
        }

        class ListTreeHeadsResponse {
            constructor(properties?: threatguard.v1.ListTreeHeadsResponse.$Properties);
            $unknowns?: Uint8Array[];
            heads: threatguard.v1.SignedTreeHead[];
            static create(properties: threatguard.v1.ListTreeHeadsResponse.$Shape): threatguard.v1.ListTreeHeadsResponse & threatguard.v1.ListTreeHeadsResponse.$Shape;
            static create(properties?: threatguard.v1.ListTreeHeadsResponse.$Properties): threatguard.v1.ListTreeHeadsResponse;
            static encode(message: threatguard.v1.ListTreeHeadsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListTreeHeadsResponse & threatguard.v1.ListTreeHeadsResponse.$Shape;
        }

        namespace ListTreeHeadsResponse {
            interface $Properties {
                heads?: threatguard.v1.SignedTreeHead.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListTreeHeadsResponse.$Properties;
        }

        interface ITreeEntry extends threatguard.v1.TreeEntry.$Properties {
        }

        class TreeEntry {
            constructor(properties?: threatguard.v1.TreeEntry.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            number: number;
            previousDigest: Uint8Array;
            recordedAtUs: number;
            runs: threatguard.v1.TreeRun[];
            continued: boolean;
            static create(properties: threatguard.v1.TreeEntry.$Shape): threatguard.v1.TreeEntry & threatguard.v1.TreeEntry.$Shape;
            static create(properties?: threatguard.v1.TreeEntry.$Properties): threatguard.v1.TreeEntry;
            static encode(message: threatguard.v1.TreeEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TreeEntry & threatguard.v1.TreeEntry.$Shape;
        }

        namespace TreeEntry {
            interface $Properties {
                agentId?: string;
                number?: number;
                previousDigest?: Uint8Array;
                recordedAtUs?: number;
                runs?: threatguard.v1.TreeRun.$Properties[];
                continued?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TreeEntry.$Properties;
        }

        interface ITreeRun extends threatguard.v1.TreeRun.$Properties {
        }

        class TreeRun {
            constructor(properties?: threatguard.v1.TreeRun.$Properties);
            $unknowns?: Uint8Array[];
            streamId: Uint8Array;
            firstSequence: number;
            lastSequence: number;
            root: Uint8Array;
            lastHeaderDigest: Uint8Array;
            lastReceivedAtUs: number;
            static create(properties: threatguard.v1.TreeRun.$Shape): threatguard.v1.TreeRun & threatguard.v1.TreeRun.$Shape;
            static create(properties?: threatguard.v1.TreeRun.$Properties): threatguard.v1.TreeRun;
            static encode(message: threatguard.v1.TreeRun.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TreeRun & threatguard.v1.TreeRun.$Shape;
        }

        namespace TreeRun {
            interface $Properties {
                streamId?: Uint8Array;
                firstSequence?: number;
                lastSequence?: number;
                root?: Uint8Array;
                lastHeaderDigest?: Uint8Array;
                lastReceivedAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TreeRun.$Properties;
        }

        interface ITreeHead extends threatguard.v1.TreeHead.$Properties {
        }

        class TreeHead {
            constructor(properties?: threatguard.v1.TreeHead.$Properties);
            $unknowns?: Uint8Array[];
            version: number;
            number: number;
            treeSize: number;
            root: Uint8Array;
            previousHeadDigest: Uint8Array;
            auditSequence: number;
            auditDigest: Uint8Array;
            signedAtUs: number;
            static create(properties: threatguard.v1.TreeHead.$Shape): threatguard.v1.TreeHead & threatguard.v1.TreeHead.$Shape;
            static create(properties?: threatguard.v1.TreeHead.$Properties): threatguard.v1.TreeHead;
            static encode(message: threatguard.v1.TreeHead.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.TreeHead & threatguard.v1.TreeHead.$Shape;
        }

        namespace TreeHead {
            interface $Properties {
                version?: number;
                number?: number;
                treeSize?: number;
                root?: Uint8Array;
                previousHeadDigest?: Uint8Array;
                auditSequence?: number;
                auditDigest?: Uint8Array;
                signedAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.TreeHead.$Properties;
        }

        interface ISignedTreeHead extends threatguard.v1.SignedTreeHead.$Properties {
        }

        class SignedTreeHead {
            constructor(properties?: threatguard.v1.SignedTreeHead.$Properties);
            $unknowns?: Uint8Array[];
            head: Uint8Array;
            signature: Uint8Array;
            certificate: Uint8Array;
            static create(properties: threatguard.v1.SignedTreeHead.$Shape): threatguard.v1.SignedTreeHead & threatguard.v1.SignedTreeHead.$Shape;
            static create(properties?: threatguard.v1.SignedTreeHead.$Properties): threatguard.v1.SignedTreeHead;
            static encode(message: threatguard.v1.SignedTreeHead.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SignedTreeHead & threatguard.v1.SignedTreeHead.$Shape;
        }

        namespace SignedTreeHead {
            interface $Properties {
                head?: Uint8Array;
                signature?: Uint8Array;
                certificate?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SignedTreeHead.$Properties;
        }

        interface IBundleRecord extends threatguard.v1.BundleRecord.$Properties {
        }

        class BundleRecord {
            constructor(properties?: threatguard.v1.BundleRecord.$Properties);
            $unknowns?: Uint8Array[];
            start: (threatguard.v1.BundleStart|null);
            trustAnchors: (threatguard.v1.TrustAnchors|null);
            head: (threatguard.v1.SignedTreeHead|null);
            earlierHead: (threatguard.v1.EarlierHead|null);
            agent: (threatguard.v1.BundleAgent|null);
            alert: (threatguard.v1.SignedAlert|null);
            detection: (Uint8Array|null);
            entry: (threatguard.v1.BundleEntry|null);
            run: (threatguard.v1.BundleRun|null);
            envelope: (threatguard.v1.BundleEnvelope|null);
            end: (threatguard.v1.BundleEnd|null);
            record?: ("start"|"trustAnchors"|"head"|"earlierHead"|"agent"|"alert"|"detection"|"entry"|"run"|"envelope"|"end");
            static create(properties: threatguard.v1.BundleRecord.$Shape): threatguard.v1.BundleRecord & threatguard.v1.BundleRecord.$Shape;
            static create(properties?: threatguard.v1.BundleRecord.$Properties): threatguard.v1.BundleRecord;
            static encode(message: threatguard.v1.BundleRecord.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleRecord & threatguard.v1.BundleRecord.$Shape;
        }

        namespace BundleRecord {
            interface $Properties {
                start?: (threatguard.v1.BundleStart.$Properties|null);
                trustAnchors?: (threatguard.v1.TrustAnchors.$Properties|null);
                head?: (threatguard.v1.SignedTreeHead.$Properties|null);
                earlierHead?: (threatguard.v1.EarlierHead.$Properties|null);
                agent?: (threatguard.v1.BundleAgent.$Properties|null);
                alert?: (threatguard.v1.SignedAlert.$Properties|null);
                detection?: (Uint8Array|null);
                entry?: (threatguard.v1.BundleEntry.$Properties|null);
                run?: (threatguard.v1.BundleRun.$Properties|null);
                envelope?: (threatguard.v1.BundleEnvelope.$Properties|null);
                end?: (threatguard.v1.BundleEnd.$Properties|null);
                record?: ("start"|"trustAnchors"|"head"|"earlierHead"|"agent"|"alert"|"detection"|"entry"|"run"|"envelope"|"end");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              start?: threatguard.v1.BundleStart.$Shape|null;
              trustAnchors?: threatguard.v1.TrustAnchors.$Shape|null;
              head?: threatguard.v1.SignedTreeHead.$Shape|null;
              earlierHead?: threatguard.v1.EarlierHead.$Shape|null;
              agent?: threatguard.v1.BundleAgent.$Shape|null;
              alert?: threatguard.v1.SignedAlert.$Shape|null;
              detection?: Uint8Array|null;
              entry?: threatguard.v1.BundleEntry.$Shape|null;
              run?: threatguard.v1.BundleRun.$Shape|null;
              envelope?: threatguard.v1.BundleEnvelope.$Shape|null;
              end?: threatguard.v1.BundleEnd.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ record?: undefined; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "start"; start: threatguard.v1.BundleStart.$Shape; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "trustAnchors"; start?: null; trustAnchors: threatguard.v1.TrustAnchors.$Shape; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "head"; start?: null; trustAnchors?: null; head: threatguard.v1.SignedTreeHead.$Shape; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "earlierHead"; start?: null; trustAnchors?: null; head?: null; earlierHead: threatguard.v1.EarlierHead.$Shape; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "agent"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent: threatguard.v1.BundleAgent.$Shape; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "alert"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert: threatguard.v1.SignedAlert.$Shape; detection?: null; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "detection"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection: Uint8Array; entry?: null; run?: null; envelope?: null; end?: null }|{ record?: "entry"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry: threatguard.v1.BundleEntry.$Shape; run?: null; envelope?: null; end?: null }|{ record?: "run"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run: threatguard.v1.BundleRun.$Shape; envelope?: null; end?: null }|{ record?: "envelope"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope: threatguard.v1.BundleEnvelope.$Shape; end?: null }|{ record?: "end"; start?: null; trustAnchors?: null; head?: null; earlierHead?: null; agent?: null; alert?: null; detection?: null; entry?: null; run?: null; envelope?: null; end: threatguard.v1.BundleEnd.$Shape })
            );
        }

        interface IBundleStart extends threatguard.v1.BundleStart.$Properties {
        }

        class BundleStart {
            constructor(properties?: threatguard.v1.BundleStart.$Properties);
            $unknowns?: Uint8Array[];
            version: number;
            alertId: string;
            agentId: string;
            fromUs: number;
            toUs: number;
            exportedAtUs: number;
            evidenceDays: number;
            collectorVersion: string;
            lateEntries: number;
            static create(properties: threatguard.v1.BundleStart.$Shape): threatguard.v1.BundleStart & threatguard.v1.BundleStart.$Shape;
            static create(properties?: threatguard.v1.BundleStart.$Properties): threatguard.v1.BundleStart;
            static encode(message: threatguard.v1.BundleStart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleStart & threatguard.v1.BundleStart.$Shape;
        }

        namespace BundleStart {
            interface $Properties {
                version?: number;
                alertId?: string;
                agentId?: string;
                fromUs?: number;
                toUs?: number;
                exportedAtUs?: number;
                evidenceDays?: number;
                collectorVersion?: string;
                lateEntries?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleStart.$Properties;
        }

        interface IEarlierHead extends threatguard.v1.EarlierHead.$Properties {
        }

        class EarlierHead {
            constructor(properties?: threatguard.v1.EarlierHead.$Properties);
            $unknowns?: Uint8Array[];
            head: Uint8Array;
            consistency: Uint8Array[];
            static create(properties: threatguard.v1.EarlierHead.$Shape): threatguard.v1.EarlierHead & threatguard.v1.EarlierHead.$Shape;
            static create(properties?: threatguard.v1.EarlierHead.$Properties): threatguard.v1.EarlierHead;
            static encode(message: threatguard.v1.EarlierHead.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EarlierHead & threatguard.v1.EarlierHead.$Shape;
        }

        namespace EarlierHead {
            interface $Properties {
                head?: Uint8Array;
                consistency?: Uint8Array[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EarlierHead.$Properties;
        }

        interface IBundleAgent extends threatguard.v1.BundleAgent.$Properties {
        }

        class BundleAgent {
            constructor(properties?: threatguard.v1.BundleAgent.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            name: string;
            certificates: threatguard.v1.BundleCertificate[];
            static create(properties: threatguard.v1.BundleAgent.$Shape): threatguard.v1.BundleAgent & threatguard.v1.BundleAgent.$Shape;
            static create(properties?: threatguard.v1.BundleAgent.$Properties): threatguard.v1.BundleAgent;
            static encode(message: threatguard.v1.BundleAgent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleAgent & threatguard.v1.BundleAgent.$Shape;
        }

        namespace BundleAgent {
            interface $Properties {
                agentId?: string;
                name?: string;
                certificates?: threatguard.v1.BundleCertificate.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleAgent.$Properties;
        }

        interface IBundleCertificate extends threatguard.v1.BundleCertificate.$Properties {
        }

        class BundleCertificate {
            constructor(properties?: threatguard.v1.BundleCertificate.$Properties);
            $unknowns?: Uint8Array[];
            certificate: Uint8Array;
            succession: Uint8Array;
            successionSignature: Uint8Array;
            static create(properties: threatguard.v1.BundleCertificate.$Shape): threatguard.v1.BundleCertificate & threatguard.v1.BundleCertificate.$Shape;
            static create(properties?: threatguard.v1.BundleCertificate.$Properties): threatguard.v1.BundleCertificate;
            static encode(message: threatguard.v1.BundleCertificate.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleCertificate & threatguard.v1.BundleCertificate.$Shape;
        }

        namespace BundleCertificate {
            interface $Properties {
                certificate?: Uint8Array;
                succession?: Uint8Array;
                successionSignature?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleCertificate.$Properties;
        }

        interface IBundleEntry extends threatguard.v1.BundleEntry.$Properties {
        }

        class BundleEntry {
            constructor(properties?: threatguard.v1.BundleEntry.$Properties);
            $unknowns?: Uint8Array[];
            entry: Uint8Array;
            index: number;
            inclusion: Uint8Array[];
            boundary: boolean;
            static create(properties: threatguard.v1.BundleEntry.$Shape): threatguard.v1.BundleEntry & threatguard.v1.BundleEntry.$Shape;
            static create(properties?: threatguard.v1.BundleEntry.$Properties): threatguard.v1.BundleEntry;
            static encode(message: threatguard.v1.BundleEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleEntry & threatguard.v1.BundleEntry.$Shape;
        }

        namespace BundleEntry {
            interface $Properties {
                entry?: Uint8Array;
                index?: number;
                inclusion?: Uint8Array[];
                boundary?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleEntry.$Properties;
        }

        interface IBundleRun extends threatguard.v1.BundleRun.$Properties {
        }

        class BundleRun {
            constructor(properties?: threatguard.v1.BundleRun.$Properties);
            $unknowns?: Uint8Array[];
            index: number;
            gone: string;
            included: threatguard.v1.SequenceRange[];
            absent: threatguard.v1.AbsentEnvelope[];
            nodes: Uint8Array[];
            static create(properties: threatguard.v1.BundleRun.$Shape): threatguard.v1.BundleRun & threatguard.v1.BundleRun.$Shape;
            static create(properties?: threatguard.v1.BundleRun.$Properties): threatguard.v1.BundleRun;
            static encode(message: threatguard.v1.BundleRun.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleRun & threatguard.v1.BundleRun.$Shape;
        }

        namespace BundleRun {
            interface $Properties {
                index?: number;
                gone?: string;
                included?: threatguard.v1.SequenceRange.$Properties[];
                absent?: threatguard.v1.AbsentEnvelope.$Properties[];
                nodes?: Uint8Array[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleRun.$Properties;
        }

        interface ISequenceRange extends threatguard.v1.SequenceRange.$Properties {
        }

        class SequenceRange {
            constructor(properties?: threatguard.v1.SequenceRange.$Properties);
            $unknowns?: Uint8Array[];
            first: number;
            last: number;
            static create(properties: threatguard.v1.SequenceRange.$Shape): threatguard.v1.SequenceRange & threatguard.v1.SequenceRange.$Shape;
            static create(properties?: threatguard.v1.SequenceRange.$Properties): threatguard.v1.SequenceRange;
            static encode(message: threatguard.v1.SequenceRange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SequenceRange & threatguard.v1.SequenceRange.$Shape;
        }

        namespace SequenceRange {
            interface $Properties {
                first?: number;
                last?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SequenceRange.$Properties;
        }

        interface IAbsentEnvelope extends threatguard.v1.AbsentEnvelope.$Properties {
        }

        class AbsentEnvelope {
            constructor(properties?: threatguard.v1.AbsentEnvelope.$Properties);
            $unknowns?: Uint8Array[];
            sequence: number;
            headerDigest: Uint8Array;
            static create(properties: threatguard.v1.AbsentEnvelope.$Shape): threatguard.v1.AbsentEnvelope & threatguard.v1.AbsentEnvelope.$Shape;
            static create(properties?: threatguard.v1.AbsentEnvelope.$Properties): threatguard.v1.AbsentEnvelope;
            static encode(message: threatguard.v1.AbsentEnvelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AbsentEnvelope & threatguard.v1.AbsentEnvelope.$Shape;
        }

        namespace AbsentEnvelope {
            interface $Properties {
                sequence?: number;
                headerDigest?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AbsentEnvelope.$Properties;
        }

        interface IBundleEnvelope extends threatguard.v1.BundleEnvelope.$Properties {
        }

        class BundleEnvelope {
            constructor(properties?: threatguard.v1.BundleEnvelope.$Properties);
            $unknowns?: Uint8Array[];
            header: Uint8Array;
            signature: Uint8Array;
            payload: Uint8Array;
            erased: threatguard.v1.ErasedPayload;
            static create(properties: threatguard.v1.BundleEnvelope.$Shape): threatguard.v1.BundleEnvelope & threatguard.v1.BundleEnvelope.$Shape;
            static create(properties?: threatguard.v1.BundleEnvelope.$Properties): threatguard.v1.BundleEnvelope;
            static encode(message: threatguard.v1.BundleEnvelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleEnvelope & threatguard.v1.BundleEnvelope.$Shape;
        }

        namespace BundleEnvelope {
            interface $Properties {
                header?: Uint8Array;
                signature?: Uint8Array;
                payload?: Uint8Array;
                erased?: threatguard.v1.ErasedPayload.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleEnvelope.$Properties;
        }

        interface IErasedPayload extends threatguard.v1.ErasedPayload.$Properties {
        }

        class ErasedPayload {
            constructor(properties?: threatguard.v1.ErasedPayload.$Properties);
            $unknowns?: Uint8Array[];
            atUs: number;
            erasureId: string;
            auditSequence: number;
            static create(properties: threatguard.v1.ErasedPayload.$Shape): threatguard.v1.ErasedPayload & threatguard.v1.ErasedPayload.$Shape;
            static create(properties?: threatguard.v1.ErasedPayload.$Properties): threatguard.v1.ErasedPayload;
            static encode(message: threatguard.v1.ErasedPayload.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ErasedPayload & threatguard.v1.ErasedPayload.$Shape;
        }

        namespace ErasedPayload {
            interface $Properties {
                atUs?: number;
                erasureId?: string;
                auditSequence?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ErasedPayload.$Properties;
        }

        interface IBundleEnd extends threatguard.v1.BundleEnd.$Properties {
        }

        class BundleEnd {
            constructor(properties?: threatguard.v1.BundleEnd.$Properties);
            $unknowns?: Uint8Array[];
            manifest: Uint8Array;
            signature: Uint8Array;
            certificate: Uint8Array;
            static create(properties: threatguard.v1.BundleEnd.$Shape): threatguard.v1.BundleEnd & threatguard.v1.BundleEnd.$Shape;
            static create(properties?: threatguard.v1.BundleEnd.$Properties): threatguard.v1.BundleEnd;
            static encode(message: threatguard.v1.BundleEnd.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleEnd & threatguard.v1.BundleEnd.$Shape;
        }

        namespace BundleEnd {
            interface $Properties {
                manifest?: Uint8Array;
                signature?: Uint8Array;
                certificate?: Uint8Array;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleEnd.$Properties;
        }

        interface IBundleManifest extends threatguard.v1.BundleManifest.$Properties {
        }

        class BundleManifest {
            constructor(properties?: threatguard.v1.BundleManifest.$Properties);
            $unknowns?: Uint8Array[];
            records: number;
            digest: Uint8Array;
            headDigest: Uint8Array;
            certificateDigest: Uint8Array;
            signedAtUs: number;
            static create(properties: threatguard.v1.BundleManifest.$Shape): threatguard.v1.BundleManifest & threatguard.v1.BundleManifest.$Shape;
            static create(properties?: threatguard.v1.BundleManifest.$Properties): threatguard.v1.BundleManifest;
            static encode(message: threatguard.v1.BundleManifest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BundleManifest & threatguard.v1.BundleManifest.$Shape;
        }

        namespace BundleManifest {
            interface $Properties {
                records?: number;
                digest?: Uint8Array;
                headDigest?: Uint8Array;
                certificateDigest?: Uint8Array;
                signedAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BundleManifest.$Properties;
        }

        interface IRuleException extends threatguard.v1.RuleException.$Properties {
        }

        class RuleException {
            constructor(properties?: threatguard.v1.RuleException.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            ruleId: string;
            ruleTitle: string;
            conditions: threatguard.v1.FieldValue[];
            reason: string;
            alertId: string;
            madeBy: string;
            madeAtUs: number;
            expiresAtUs: number;
            removedBy: string;
            removedAtUs: number;
            hidden: number;
            lastHiddenAtUs: number;
            static create(properties: threatguard.v1.RuleException.$Shape): threatguard.v1.RuleException & threatguard.v1.RuleException.$Shape;
            static create(properties?: threatguard.v1.RuleException.$Properties): threatguard.v1.RuleException;
            static encode(message: threatguard.v1.RuleException.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RuleException & threatguard.v1.RuleException.$Shape;
        }

        namespace RuleException {
            interface $Properties {
                id?: string;
                ruleId?: string;
                ruleTitle?: string;
                conditions?: threatguard.v1.FieldValue.$Properties[];
                reason?: string;
                alertId?: string;
                madeBy?: string;
                madeAtUs?: number;
                expiresAtUs?: number;
                removedBy?: string;
                removedAtUs?: number;
                hidden?: number;
                lastHiddenAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RuleException.$Properties;
        }

        interface IFieldValue extends threatguard.v1.FieldValue.$Properties {
        }

        class FieldValue {
            constructor(properties?: threatguard.v1.FieldValue.$Properties);
            $unknowns?: Uint8Array[];
            field: string;
            value: string;
            name: string;
            static create(properties: threatguard.v1.FieldValue.$Shape): threatguard.v1.FieldValue & threatguard.v1.FieldValue.$Shape;
            static create(properties?: threatguard.v1.FieldValue.$Properties): threatguard.v1.FieldValue;
            static encode(message: threatguard.v1.FieldValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.FieldValue & threatguard.v1.FieldValue.$Shape;
        }

        namespace FieldValue {
            interface $Properties {
                field?: string;
                value?: string;
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.FieldValue.$Properties;
        }

        interface IPreviewExceptionRequest extends threatguard.v1.PreviewExceptionRequest.$Properties {
        }

        class PreviewExceptionRequest {
            constructor(properties?: threatguard.v1.PreviewExceptionRequest.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            fields: string[];
            static create(properties: threatguard.v1.PreviewExceptionRequest.$Shape): threatguard.v1.PreviewExceptionRequest & threatguard.v1.PreviewExceptionRequest.$Shape;
            static create(properties?: threatguard.v1.PreviewExceptionRequest.$Properties): threatguard.v1.PreviewExceptionRequest;
            static encode(message: threatguard.v1.PreviewExceptionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.PreviewExceptionRequest & threatguard.v1.PreviewExceptionRequest.$Shape;
        }

        namespace PreviewExceptionRequest {
            interface $Properties {
                alertId?: string;
                fields?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.PreviewExceptionRequest.$Properties;
        }

        interface IPreviewExceptionResponse extends threatguard.v1.PreviewExceptionResponse.$Properties {
        }

        class PreviewExceptionResponse {
            constructor(properties?: threatguard.v1.PreviewExceptionResponse.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            alertRevision: number;
            ruleId: string;
            ruleTitle: string;
            conditions: threatguard.v1.FieldValue[];
            others: threatguard.v1.FieldValue[];
            reach: threatguard.v1.ExceptionReach;
            static create(properties: threatguard.v1.PreviewExceptionResponse.$Shape): threatguard.v1.PreviewExceptionResponse & threatguard.v1.PreviewExceptionResponse.$Shape;
            static create(properties?: threatguard.v1.PreviewExceptionResponse.$Properties): threatguard.v1.PreviewExceptionResponse;
            static encode(message: threatguard.v1.PreviewExceptionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.PreviewExceptionResponse & threatguard.v1.PreviewExceptionResponse.$Shape;
        }

        namespace PreviewExceptionResponse {
            interface $Properties {
                alertId?: string;
                alertRevision?: number;
                ruleId?: string;
                ruleTitle?: string;
                conditions?: threatguard.v1.FieldValue.$Properties[];
                others?: threatguard.v1.FieldValue.$Properties[];
                reach?: threatguard.v1.ExceptionReach.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.PreviewExceptionResponse.$Properties;
        }

        interface IExceptionReach extends threatguard.v1.ExceptionReach.$Properties {
        }

        class ExceptionReach {
            constructor(properties?: threatguard.v1.ExceptionReach.$Properties);
            $unknowns?: Uint8Array[];
            sinceUs: number;
            partial: boolean;
            ruleDetections: number;
            hidden: number;
            hosts: threatguard.v1.HostCount[];
            hostsTotal: number;
            samples: threatguard.v1.Detection[];
            without: threatguard.v1.FieldCount[];
            static create(properties: threatguard.v1.ExceptionReach.$Shape): threatguard.v1.ExceptionReach & threatguard.v1.ExceptionReach.$Shape;
            static create(properties?: threatguard.v1.ExceptionReach.$Properties): threatguard.v1.ExceptionReach;
            static encode(message: threatguard.v1.ExceptionReach.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExceptionReach & threatguard.v1.ExceptionReach.$Shape;
        }

        namespace ExceptionReach {
            interface $Properties {
                sinceUs?: number;
                partial?: boolean;
                ruleDetections?: number;
                hidden?: number;
                hosts?: threatguard.v1.HostCount.$Properties[];
                hostsTotal?: number;
                samples?: threatguard.v1.Detection.$Properties[];
                without?: threatguard.v1.FieldCount.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExceptionReach.$Properties;
        }

        interface IHostCount extends threatguard.v1.HostCount.$Properties {
        }

        class HostCount {
            constructor(properties?: threatguard.v1.HostCount.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            agentName: string;
            count: number;
            static create(properties: threatguard.v1.HostCount.$Shape): threatguard.v1.HostCount & threatguard.v1.HostCount.$Shape;
            static create(properties?: threatguard.v1.HostCount.$Properties): threatguard.v1.HostCount;
            static encode(message: threatguard.v1.HostCount.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.HostCount & threatguard.v1.HostCount.$Shape;
        }

        namespace HostCount {
            interface $Properties {
                agentId?: string;
                agentName?: string;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.HostCount.$Properties;
        }

        interface IFieldCount extends threatguard.v1.FieldCount.$Properties {
        }

        class FieldCount {
            constructor(properties?: threatguard.v1.FieldCount.$Properties);
            $unknowns?: Uint8Array[];
            field: string;
            count: number;
            static create(properties: threatguard.v1.FieldCount.$Shape): threatguard.v1.FieldCount & threatguard.v1.FieldCount.$Shape;
            static create(properties?: threatguard.v1.FieldCount.$Properties): threatguard.v1.FieldCount;
            static encode(message: threatguard.v1.FieldCount.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.FieldCount & threatguard.v1.FieldCount.$Shape;
        }

        namespace FieldCount {
            interface $Properties {
                field?: string;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.FieldCount.$Properties;
        }

        interface IAddExceptionRequest extends threatguard.v1.AddExceptionRequest.$Properties {
        }

        class AddExceptionRequest {
            constructor(properties?: threatguard.v1.AddExceptionRequest.$Properties);
            $unknowns?: Uint8Array[];
            alertId: string;
            alertRevision: number;
            fields: string[];
            reason: string;
            expiresSeconds: number;
            neverExpires: boolean;
            static create(properties: threatguard.v1.AddExceptionRequest.$Shape): threatguard.v1.AddExceptionRequest & threatguard.v1.AddExceptionRequest.$Shape;
            static create(properties?: threatguard.v1.AddExceptionRequest.$Properties): threatguard.v1.AddExceptionRequest;
            static encode(message: threatguard.v1.AddExceptionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AddExceptionRequest & threatguard.v1.AddExceptionRequest.$Shape;
        }

        namespace AddExceptionRequest {
            interface $Properties {
                alertId?: string;
                alertRevision?: number;
                fields?: string[];
                reason?: string;
                expiresSeconds?: number;
                neverExpires?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AddExceptionRequest.$Properties;
        }

        interface IAddExceptionResponse extends threatguard.v1.AddExceptionResponse.$Properties {
        }

        class AddExceptionResponse {
            constructor(properties?: threatguard.v1.AddExceptionResponse.$Properties);
            $unknowns?: Uint8Array[];
            exception: threatguard.v1.RuleException;
            static create(properties: threatguard.v1.AddExceptionResponse.$Shape): threatguard.v1.AddExceptionResponse & threatguard.v1.AddExceptionResponse.$Shape;
            static create(properties?: threatguard.v1.AddExceptionResponse.$Properties): threatguard.v1.AddExceptionResponse;
            static encode(message: threatguard.v1.AddExceptionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AddExceptionResponse & threatguard.v1.AddExceptionResponse.$Shape;
        }

        namespace AddExceptionResponse {
            interface $Properties {
                exception?: threatguard.v1.RuleException.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AddExceptionResponse.$Properties;
        }

        interface IListExceptionsRequest extends threatguard.v1.ListExceptionsRequest.$Properties {
        }

        class ListExceptionsRequest {
            constructor(properties?: threatguard.v1.ListExceptionsRequest.$Properties);
            $unknowns?: Uint8Array[];
            ended: boolean;
            static create(properties: threatguard.v1.ListExceptionsRequest.$Shape): threatguard.v1.ListExceptionsRequest & threatguard.v1.ListExceptionsRequest.$Shape;
            static create(properties?: threatguard.v1.ListExceptionsRequest.$Properties): threatguard.v1.ListExceptionsRequest;
            static encode(message: threatguard.v1.ListExceptionsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListExceptionsRequest & threatguard.v1.ListExceptionsRequest.$Shape;
        }

        namespace ListExceptionsRequest {
            interface $Properties {
                ended?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListExceptionsRequest.$Properties;
        }

        interface IListExceptionsResponse extends threatguard.v1.ListExceptionsResponse.$Properties {
        }

        class ListExceptionsResponse {
            constructor(properties?: threatguard.v1.ListExceptionsResponse.$Properties);
            $unknowns?: Uint8Array[];
            exceptions: threatguard.v1.RuleException[];
            static create(properties: threatguard.v1.ListExceptionsResponse.$Shape): threatguard.v1.ListExceptionsResponse & threatguard.v1.ListExceptionsResponse.$Shape;
            static create(properties?: threatguard.v1.ListExceptionsResponse.$Properties): threatguard.v1.ListExceptionsResponse;
            static encode(message: threatguard.v1.ListExceptionsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListExceptionsResponse & threatguard.v1.ListExceptionsResponse.$Shape;
        }

        namespace ListExceptionsResponse {
            interface $Properties {
                exceptions?: threatguard.v1.RuleException.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListExceptionsResponse.$Properties;
        }

        interface IGetExceptionRequest extends threatguard.v1.GetExceptionRequest.$Properties {
        }

        class GetExceptionRequest {
            constructor(properties?: threatguard.v1.GetExceptionRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.GetExceptionRequest.$Shape): threatguard.v1.GetExceptionRequest & threatguard.v1.GetExceptionRequest.$Shape;
            static create(properties?: threatguard.v1.GetExceptionRequest.$Properties): threatguard.v1.GetExceptionRequest;
            static encode(message: threatguard.v1.GetExceptionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetExceptionRequest & threatguard.v1.GetExceptionRequest.$Shape;
        }

        namespace GetExceptionRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetExceptionRequest.$Properties;
        }

        interface IGetExceptionResponse extends threatguard.v1.GetExceptionResponse.$Properties {
        }

        class GetExceptionResponse {
            constructor(properties?: threatguard.v1.GetExceptionResponse.$Properties);
            $unknowns?: Uint8Array[];
            exception: threatguard.v1.RuleException;
            hidden: threatguard.v1.Detection[];
            static create(properties: threatguard.v1.GetExceptionResponse.$Shape): threatguard.v1.GetExceptionResponse & threatguard.v1.GetExceptionResponse.$Shape;
            static create(properties?: threatguard.v1.GetExceptionResponse.$Properties): threatguard.v1.GetExceptionResponse;
            static encode(message: threatguard.v1.GetExceptionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetExceptionResponse & threatguard.v1.GetExceptionResponse.$Shape;
        }

        namespace GetExceptionResponse {
            interface $Properties {
                exception?: threatguard.v1.RuleException.$Properties;
                hidden?: threatguard.v1.Detection.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetExceptionResponse.$Properties;
        }

        interface IRemoveExceptionRequest extends threatguard.v1.RemoveExceptionRequest.$Properties {
        }

        class RemoveExceptionRequest {
            constructor(properties?: threatguard.v1.RemoveExceptionRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.RemoveExceptionRequest.$Shape): threatguard.v1.RemoveExceptionRequest & threatguard.v1.RemoveExceptionRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveExceptionRequest.$Properties): threatguard.v1.RemoveExceptionRequest;
            static encode(message: threatguard.v1.RemoveExceptionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveExceptionRequest & threatguard.v1.RemoveExceptionRequest.$Shape;
        }

        namespace RemoveExceptionRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveExceptionRequest.$Properties;
        }

        interface IRemoveExceptionResponse extends threatguard.v1.RemoveExceptionResponse.$Properties {
        }

        class RemoveExceptionResponse {
            constructor(properties?: threatguard.v1.RemoveExceptionResponse.$Properties);
            $unknowns?: Uint8Array[];
            exception: threatguard.v1.RuleException;
            static create(properties: threatguard.v1.RemoveExceptionResponse.$Shape): threatguard.v1.RemoveExceptionResponse & threatguard.v1.RemoveExceptionResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveExceptionResponse.$Properties): threatguard.v1.RemoveExceptionResponse;
            static encode(message: threatguard.v1.RemoveExceptionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveExceptionResponse & threatguard.v1.RemoveExceptionResponse.$Shape;
        }

        namespace RemoveExceptionResponse {
            interface $Properties {
                exception?: threatguard.v1.RuleException.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveExceptionResponse.$Properties;
        }

        interface IGetAlertBudgetRequest extends threatguard.v1.GetAlertBudgetRequest.$Properties {
        }

        class GetAlertBudgetRequest {
            constructor(properties?: threatguard.v1.GetAlertBudgetRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.GetAlertBudgetRequest.$Shape): threatguard.v1.GetAlertBudgetRequest & threatguard.v1.GetAlertBudgetRequest.$Shape;
            static create(properties?: threatguard.v1.GetAlertBudgetRequest.$Properties): threatguard.v1.GetAlertBudgetRequest;
            static encode(message: threatguard.v1.GetAlertBudgetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetAlertBudgetRequest & threatguard.v1.GetAlertBudgetRequest.$Shape;
        }

        namespace GetAlertBudgetRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetAlertBudgetRequest.$Properties;
        }

        interface ISetAlertBudgetRequest extends threatguard.v1.SetAlertBudgetRequest.$Properties {
        }

        class SetAlertBudgetRequest {
            constructor(properties?: threatguard.v1.SetAlertBudgetRequest.$Properties);
            $unknowns?: Uint8Array[];
            perDay: number;
            static create(properties: threatguard.v1.SetAlertBudgetRequest.$Shape): threatguard.v1.SetAlertBudgetRequest & threatguard.v1.SetAlertBudgetRequest.$Shape;
            static create(properties?: threatguard.v1.SetAlertBudgetRequest.$Properties): threatguard.v1.SetAlertBudgetRequest;
            static encode(message: threatguard.v1.SetAlertBudgetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SetAlertBudgetRequest & threatguard.v1.SetAlertBudgetRequest.$Shape;
        }

        namespace SetAlertBudgetRequest {
            interface $Properties {
                perDay?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SetAlertBudgetRequest.$Properties;
        }

        interface IAlertBudgetReport extends threatguard.v1.AlertBudgetReport.$Properties {
        }

        class AlertBudgetReport {
            constructor(properties?: threatguard.v1.AlertBudgetReport.$Properties);
            $unknowns?: Uint8Array[];
            perDay: number;
            setBy: string;
            setAtUs: number;
            dayUs: number;
            shown: number;
            withheld: number;
            withheldOpen: number;
            static create(properties: threatguard.v1.AlertBudgetReport.$Shape): threatguard.v1.AlertBudgetReport & threatguard.v1.AlertBudgetReport.$Shape;
            static create(properties?: threatguard.v1.AlertBudgetReport.$Properties): threatguard.v1.AlertBudgetReport;
            static encode(message: threatguard.v1.AlertBudgetReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AlertBudgetReport & threatguard.v1.AlertBudgetReport.$Shape;
        }

        namespace AlertBudgetReport {
            interface $Properties {
                perDay?: number;
                setBy?: string;
                setAtUs?: number;
                dayUs?: number;
                shown?: number;
                withheld?: number;
                withheldOpen?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AlertBudgetReport.$Properties;
        }

        interface IEnrolRequest extends threatguard.v1.EnrolRequest.$Properties {
        }

        class EnrolRequest {
            constructor(properties?: threatguard.v1.EnrolRequest.$Properties);
            $unknowns?: Uint8Array[];
            tokenId: string;
            tokenSecret: string;
            certificateRequest: Uint8Array;
            hostName: string;
            machineId: string;
            bootId: string;
            demo: boolean;
            static create(properties: threatguard.v1.EnrolRequest.$Shape): threatguard.v1.EnrolRequest & threatguard.v1.EnrolRequest.$Shape;
            static create(properties?: threatguard.v1.EnrolRequest.$Properties): threatguard.v1.EnrolRequest;
            static encode(message: threatguard.v1.EnrolRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EnrolRequest & threatguard.v1.EnrolRequest.$Shape;
        }

        namespace EnrolRequest {
            interface $Properties {
                tokenId?: string;
                tokenSecret?: string;
                certificateRequest?: Uint8Array;
                hostName?: string;
                machineId?: string;
                bootId?: string;
                demo?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EnrolRequest.$Properties;
        }

        interface IEnrolResponse extends threatguard.v1.EnrolResponse.$Properties {
        }

        class EnrolResponse {
            constructor(properties?: threatguard.v1.EnrolResponse.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            certificate: Uint8Array;
            caCertificate: Uint8Array;
            agentName: string;
            kemKey: threatguard.v1.KemKey;
            trustAnchors: threatguard.v1.TrustAnchors;
            static create(properties: threatguard.v1.EnrolResponse.$Shape): threatguard.v1.EnrolResponse & threatguard.v1.EnrolResponse.$Shape;
            static create(properties?: threatguard.v1.EnrolResponse.$Properties): threatguard.v1.EnrolResponse;
            static encode(message: threatguard.v1.EnrolResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EnrolResponse & threatguard.v1.EnrolResponse.$Shape;
        }

        namespace EnrolResponse {
            interface $Properties {
                agentId?: string;
                certificate?: Uint8Array;
                caCertificate?: Uint8Array;
                agentName?: string;
                kemKey?: threatguard.v1.KemKey.$Properties;
                trustAnchors?: threatguard.v1.TrustAnchors.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EnrolResponse.$Properties;
        }

        interface IRecoverRequest extends threatguard.v1.RecoverRequest.$Properties {
        }

        class RecoverRequest {
            constructor(properties?: threatguard.v1.RecoverRequest.$Properties);
            $unknowns?: Uint8Array[];
            certificateRequest: Uint8Array;
            machineId: string;
            bootId: string;
            static create(properties: threatguard.v1.RecoverRequest.$Shape): threatguard.v1.RecoverRequest & threatguard.v1.RecoverRequest.$Shape;
            static create(properties?: threatguard.v1.RecoverRequest.$Properties): threatguard.v1.RecoverRequest;
            static encode(message: threatguard.v1.RecoverRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RecoverRequest & threatguard.v1.RecoverRequest.$Shape;
        }

        namespace RecoverRequest {
            interface $Properties {
                certificateRequest?: Uint8Array;
                machineId?: string;
                bootId?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RecoverRequest.$Properties;
        }

        interface IRecoverResponse extends threatguard.v1.RecoverResponse.$Properties {
        }

        class RecoverResponse {
            constructor(properties?: threatguard.v1.RecoverResponse.$Properties);
            $unknowns?: Uint8Array[];
            certificate: Uint8Array;
            trustAnchors: threatguard.v1.TrustAnchors;
            static create(properties: threatguard.v1.RecoverResponse.$Shape): threatguard.v1.RecoverResponse & threatguard.v1.RecoverResponse.$Shape;
            static create(properties?: threatguard.v1.RecoverResponse.$Properties): threatguard.v1.RecoverResponse;
            static encode(message: threatguard.v1.RecoverResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RecoverResponse & threatguard.v1.RecoverResponse.$Shape;
        }

        namespace RecoverResponse {
            interface $Properties {
                certificate?: Uint8Array;
                trustAnchors?: threatguard.v1.TrustAnchors.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RecoverResponse.$Properties;
        }

        interface IHuntRequest extends threatguard.v1.HuntRequest.$Properties {
        }

        class HuntRequest {
            constructor(properties?: threatguard.v1.HuntRequest.$Properties);
            $unknowns?: Uint8Array[];
            query: string;
            sinceUs: number;
            untilUs: number;
            arrivedSinceUs: number;
            static create(properties: threatguard.v1.HuntRequest.$Shape): threatguard.v1.HuntRequest & threatguard.v1.HuntRequest.$Shape;
            static create(properties?: threatguard.v1.HuntRequest.$Properties): threatguard.v1.HuntRequest;
            static encode(message: threatguard.v1.HuntRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.HuntRequest & threatguard.v1.HuntRequest.$Shape;
        }

        namespace HuntRequest {
            interface $Properties {
                query?: string;
                sinceUs?: number;
                untilUs?: number;
                arrivedSinceUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.HuntRequest.$Properties;
        }

        interface IHuntPart extends threatguard.v1.HuntPart.$Properties {
        }

        class HuntPart {
            constructor(properties?: threatguard.v1.HuntPart.$Properties);
            $unknowns?: Uint8Array[];
            events: threatguard.v1.StoredEvent[];
            groups: threatguard.v1.HuntGroup[];
            searchedBackToUs: number;
            complete: boolean;
            columns: string[];
            cut: string;
            arrivedUntilUs: number;
            static create(properties: threatguard.v1.HuntPart.$Shape): threatguard.v1.HuntPart & threatguard.v1.HuntPart.$Shape;
            static create(properties?: threatguard.v1.HuntPart.$Properties): threatguard.v1.HuntPart;
            static encode(message: threatguard.v1.HuntPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.HuntPart & threatguard.v1.HuntPart.$Shape;
        }

        namespace HuntPart {
            interface $Properties {
                events?: threatguard.v1.StoredEvent.$Properties[];
                groups?: threatguard.v1.HuntGroup.$Properties[];
                searchedBackToUs?: number;
                complete?: boolean;
                columns?: string[];
                cut?: string;
                arrivedUntilUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.HuntPart.$Properties;
        }

        interface IHuntGroup extends threatguard.v1.HuntGroup.$Properties {
        }

        class HuntGroup {
            constructor(properties?: threatguard.v1.HuntGroup.$Properties);
            $unknowns?: Uint8Array[];
            values: string[];
            count: number;
            static create(properties: threatguard.v1.HuntGroup.$Shape): threatguard.v1.HuntGroup & threatguard.v1.HuntGroup.$Shape;
            static create(properties?: threatguard.v1.HuntGroup.$Properties): threatguard.v1.HuntGroup;
            static encode(message: threatguard.v1.HuntGroup.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.HuntGroup & threatguard.v1.HuntGroup.$Shape;
        }

        namespace HuntGroup {
            interface $Properties {
                values?: string[];
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.HuntGroup.$Properties;
        }

        interface ISavedHunt extends threatguard.v1.SavedHunt.$Properties {
        }

        class SavedHunt {
            constructor(properties?: threatguard.v1.SavedHunt.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            query: string;
            everySeconds: number;
            severity: threatguard.v1.Severity;
            savedBy: string;
            savedAtUs: number;
            ranAtUs: number;
            problem: string;
            static create(properties: threatguard.v1.SavedHunt.$Shape): threatguard.v1.SavedHunt & threatguard.v1.SavedHunt.$Shape;
            static create(properties?: threatguard.v1.SavedHunt.$Properties): threatguard.v1.SavedHunt;
            static encode(message: threatguard.v1.SavedHunt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SavedHunt & threatguard.v1.SavedHunt.$Shape;
        }

        namespace SavedHunt {
            interface $Properties {
                name?: string;
                query?: string;
                everySeconds?: number;
                severity?: threatguard.v1.Severity;
                savedBy?: string;
                savedAtUs?: number;
                ranAtUs?: number;
                problem?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SavedHunt.$Properties;
        }

        interface ISaveHuntRequest extends threatguard.v1.SaveHuntRequest.$Properties {
        }

        class SaveHuntRequest {
            constructor(properties?: threatguard.v1.SaveHuntRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            query: string;
            everySeconds: number;
            severity: threatguard.v1.Severity;
            replace: boolean;
            static create(properties: threatguard.v1.SaveHuntRequest.$Shape): threatguard.v1.SaveHuntRequest & threatguard.v1.SaveHuntRequest.$Shape;
            static create(properties?: threatguard.v1.SaveHuntRequest.$Properties): threatguard.v1.SaveHuntRequest;
            static encode(message: threatguard.v1.SaveHuntRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SaveHuntRequest & threatguard.v1.SaveHuntRequest.$Shape;
        }

        namespace SaveHuntRequest {
            interface $Properties {
                name?: string;
                query?: string;
                everySeconds?: number;
                severity?: threatguard.v1.Severity;
                replace?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SaveHuntRequest.$Properties;
        }

        interface IListHuntsRequest extends threatguard.v1.ListHuntsRequest.$Properties {
        }

        class ListHuntsRequest {
            constructor(properties?: threatguard.v1.ListHuntsRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.ListHuntsRequest.$Shape): threatguard.v1.ListHuntsRequest & threatguard.v1.ListHuntsRequest.$Shape;
            static create(properties?: threatguard.v1.ListHuntsRequest.$Properties): threatguard.v1.ListHuntsRequest;
            static encode(message: threatguard.v1.ListHuntsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListHuntsRequest & threatguard.v1.ListHuntsRequest.$Shape;
        }

        namespace ListHuntsRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListHuntsRequest.$Properties;
        }

        interface IListHuntsResponse extends threatguard.v1.ListHuntsResponse.$Properties {
        }

        class ListHuntsResponse {
            constructor(properties?: threatguard.v1.ListHuntsResponse.$Properties);
            $unknowns?: Uint8Array[];
            hunts: threatguard.v1.SavedHunt[];
            static create(properties: threatguard.v1.ListHuntsResponse.$Shape): threatguard.v1.ListHuntsResponse & threatguard.v1.ListHuntsResponse.$Shape;
            static create(properties?: threatguard.v1.ListHuntsResponse.$Properties): threatguard.v1.ListHuntsResponse;
            static encode(message: threatguard.v1.ListHuntsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListHuntsResponse & threatguard.v1.ListHuntsResponse.$Shape;
        }

        namespace ListHuntsResponse {
            interface $Properties {
                hunts?: threatguard.v1.SavedHunt.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListHuntsResponse.$Properties;
        }

        interface IRemoveHuntRequest extends threatguard.v1.RemoveHuntRequest.$Properties {
        }

        class RemoveHuntRequest {
            constructor(properties?: threatguard.v1.RemoveHuntRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            static create(properties: threatguard.v1.RemoveHuntRequest.$Shape): threatguard.v1.RemoveHuntRequest & threatguard.v1.RemoveHuntRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveHuntRequest.$Properties): threatguard.v1.RemoveHuntRequest;
            static encode(message: threatguard.v1.RemoveHuntRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveHuntRequest & threatguard.v1.RemoveHuntRequest.$Shape;
        }

        namespace RemoveHuntRequest {
            interface $Properties {
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveHuntRequest.$Properties;
        }

        interface IRemoveHuntResponse extends threatguard.v1.RemoveHuntResponse.$Properties {
        }

        class RemoveHuntResponse {
            constructor(properties?: threatguard.v1.RemoveHuntResponse.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.RemoveHuntResponse.$Shape): threatguard.v1.RemoveHuntResponse & threatguard.v1.RemoveHuntResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveHuntResponse.$Properties): threatguard.v1.RemoveHuntResponse;
            static encode(message: threatguard.v1.RemoveHuntResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveHuntResponse & threatguard.v1.RemoveHuntResponse.$Shape;
        }

        namespace RemoveHuntResponse {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveHuntResponse.$Properties;
        }

        interface IImportIntelRequest extends threatguard.v1.ImportIntelRequest.$Properties {
        }

        class ImportIntelRequest {
            constructor(properties?: threatguard.v1.ImportIntelRequest.$Properties);
            $unknowns?: Uint8Array[];
            import: threatguard.v1.IntelImport;
            data: Uint8Array;
            end: boolean;
            static create(properties: threatguard.v1.ImportIntelRequest.$Shape): threatguard.v1.ImportIntelRequest & threatguard.v1.ImportIntelRequest.$Shape;
            static create(properties?: threatguard.v1.ImportIntelRequest.$Properties): threatguard.v1.ImportIntelRequest;
            static encode(message: threatguard.v1.ImportIntelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ImportIntelRequest & threatguard.v1.ImportIntelRequest.$Shape;
        }

        namespace ImportIntelRequest {
            interface $Properties {
                "import"?: threatguard.v1.IntelImport.$Properties;
                data?: Uint8Array;
                end?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ImportIntelRequest.$Properties;
        }

        interface IIntelImport extends threatguard.v1.IntelImport.$Properties {
        }

        class IntelImport {
            constructor(properties?: threatguard.v1.IntelImport.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            format: string;
            mapping: string;
            confidence: (number|null);
            tlp: string;
            expiresSeconds: number;
            replace: boolean;
            dryRun: boolean;
            subdomains: (boolean|null);
            static create(properties: threatguard.v1.IntelImport.$Shape): threatguard.v1.IntelImport & threatguard.v1.IntelImport.$Shape;
            static create(properties?: threatguard.v1.IntelImport.$Properties): threatguard.v1.IntelImport;
            static encode(message: threatguard.v1.IntelImport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelImport & threatguard.v1.IntelImport.$Shape;
        }

        namespace IntelImport {
            interface $Properties {
                source?: string;
                format?: string;
                mapping?: string;
                confidence?: (number|null);
                tlp?: string;
                expiresSeconds?: number;
                replace?: boolean;
                dryRun?: boolean;
                subdomains?: (boolean|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelImport.$Properties;
        }

        interface IImportIntelResponse extends threatguard.v1.ImportIntelResponse.$Properties {
        }

        class ImportIntelResponse {
            constructor(properties?: threatguard.v1.ImportIntelResponse.$Properties);
            $unknowns?: Uint8Array[];
            stage: string;
            bytes: number;
            report: threatguard.v1.IntelReport;
            static create(properties: threatguard.v1.ImportIntelResponse.$Shape): threatguard.v1.ImportIntelResponse & threatguard.v1.ImportIntelResponse.$Shape;
            static create(properties?: threatguard.v1.ImportIntelResponse.$Properties): threatguard.v1.ImportIntelResponse;
            static encode(message: threatguard.v1.ImportIntelResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ImportIntelResponse & threatguard.v1.ImportIntelResponse.$Shape;
        }

        namespace ImportIntelResponse {
            interface $Properties {
                stage?: string;
                bytes?: number;
                report?: threatguard.v1.IntelReport.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ImportIntelResponse.$Properties;
        }

        interface IIntelReport extends threatguard.v1.IntelReport.$Properties {
        }

        class IntelReport {
            constructor(properties?: threatguard.v1.IntelReport.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            format: string;
            taken: number;
            added: number;
            known: number;
            removed: number;
            ended: number;
            unseen: number;
            indicators: number;
            refusals: threatguard.v1.IntelRefusal[];
            fresh: number;
            static create(properties: threatguard.v1.IntelReport.$Shape): threatguard.v1.IntelReport & threatguard.v1.IntelReport.$Shape;
            static create(properties?: threatguard.v1.IntelReport.$Properties): threatguard.v1.IntelReport;
            static encode(message: threatguard.v1.IntelReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelReport & threatguard.v1.IntelReport.$Shape;
        }

        namespace IntelReport {
            interface $Properties {
                source?: string;
                format?: string;
                taken?: number;
                added?: number;
                known?: number;
                removed?: number;
                ended?: number;
                unseen?: number;
                indicators?: number;
                refusals?: threatguard.v1.IntelRefusal.$Properties[];
                fresh?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelReport.$Properties;
        }

        interface IIntelRefusal extends threatguard.v1.IntelRefusal.$Properties {
        }

        class IntelRefusal {
            constructor(properties?: threatguard.v1.IntelRefusal.$Properties);
            $unknowns?: Uint8Array[];
            reason: string;
            count: number;
            example: string;
            static create(properties: threatguard.v1.IntelRefusal.$Shape): threatguard.v1.IntelRefusal & threatguard.v1.IntelRefusal.$Shape;
            static create(properties?: threatguard.v1.IntelRefusal.$Properties): threatguard.v1.IntelRefusal;
            static encode(message: threatguard.v1.IntelRefusal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelRefusal & threatguard.v1.IntelRefusal.$Shape;
        }

        namespace IntelRefusal {
            interface $Properties {
                reason?: string;
                count?: number;
                example?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelRefusal.$Properties;
        }

        interface IListIntelRequest extends threatguard.v1.ListIntelRequest.$Properties {
        }

        class ListIntelRequest {
            constructor(properties?: threatguard.v1.ListIntelRequest.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            kind: string;
            limit: number;
            after: string;
            static create(properties: threatguard.v1.ListIntelRequest.$Shape): threatguard.v1.ListIntelRequest & threatguard.v1.ListIntelRequest.$Shape;
            static create(properties?: threatguard.v1.ListIntelRequest.$Properties): threatguard.v1.ListIntelRequest;
            static encode(message: threatguard.v1.ListIntelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListIntelRequest & threatguard.v1.ListIntelRequest.$Shape;
        }

        namespace ListIntelRequest {
            interface $Properties {
                source?: string;
                kind?: string;
                limit?: number;
                after?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListIntelRequest.$Properties;
        }

        interface IListIntelResponse extends threatguard.v1.ListIntelResponse.$Properties {
        }

        class ListIntelResponse {
            constructor(properties?: threatguard.v1.ListIntelResponse.$Properties);
            $unknowns?: Uint8Array[];
            indicators: threatguard.v1.IntelIndicator[];
            next: string;
            static create(properties: threatguard.v1.ListIntelResponse.$Shape): threatguard.v1.ListIntelResponse & threatguard.v1.ListIntelResponse.$Shape;
            static create(properties?: threatguard.v1.ListIntelResponse.$Properties): threatguard.v1.ListIntelResponse;
            static encode(message: threatguard.v1.ListIntelResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListIntelResponse & threatguard.v1.ListIntelResponse.$Shape;
        }

        namespace ListIntelResponse {
            interface $Properties {
                indicators?: threatguard.v1.IntelIndicator.$Properties[];
                next?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListIntelResponse.$Properties;
        }

        interface IIntelIndicator extends threatguard.v1.IntelIndicator.$Properties {
        }

        class IntelIndicator {
            constructor(properties?: threatguard.v1.IntelIndicator.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            value: string;
            confidence: number;
            tlp: string;
            weighed: string;
            claims: threatguard.v1.IntelClaim[];
            static create(properties: threatguard.v1.IntelIndicator.$Shape): threatguard.v1.IntelIndicator & threatguard.v1.IntelIndicator.$Shape;
            static create(properties?: threatguard.v1.IntelIndicator.$Properties): threatguard.v1.IntelIndicator;
            static encode(message: threatguard.v1.IntelIndicator.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelIndicator & threatguard.v1.IntelIndicator.$Shape;
        }

        namespace IntelIndicator {
            interface $Properties {
                kind?: string;
                value?: string;
                confidence?: number;
                tlp?: string;
                weighed?: string;
                claims?: threatguard.v1.IntelClaim.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelIndicator.$Properties;
        }

        interface IIntelClaim extends threatguard.v1.IntelClaim.$Properties {
        }

        class IntelClaim {
            constructor(properties?: threatguard.v1.IntelClaim.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            confidence: number;
            tlp: string;
            sinceUs: number;
            untilUs: number;
            side: string;
            subdomains: boolean;
            about: string;
            techniques: string[];
            tactics: string[];
            static create(properties: threatguard.v1.IntelClaim.$Shape): threatguard.v1.IntelClaim & threatguard.v1.IntelClaim.$Shape;
            static create(properties?: threatguard.v1.IntelClaim.$Properties): threatguard.v1.IntelClaim;
            static encode(message: threatguard.v1.IntelClaim.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelClaim & threatguard.v1.IntelClaim.$Shape;
        }

        namespace IntelClaim {
            interface $Properties {
                source?: string;
                confidence?: number;
                tlp?: string;
                sinceUs?: number;
                untilUs?: number;
                side?: string;
                subdomains?: boolean;
                about?: string;
                techniques?: string[];
                tactics?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelClaim.$Properties;
        }

        interface ILookupIntelRequest extends threatguard.v1.LookupIntelRequest.$Properties {
        }

        class LookupIntelRequest {
            constructor(properties?: threatguard.v1.LookupIntelRequest.$Properties);
            $unknowns?: Uint8Array[];
            value: string;
            static create(properties: threatguard.v1.LookupIntelRequest.$Shape): threatguard.v1.LookupIntelRequest & threatguard.v1.LookupIntelRequest.$Shape;
            static create(properties?: threatguard.v1.LookupIntelRequest.$Properties): threatguard.v1.LookupIntelRequest;
            static encode(message: threatguard.v1.LookupIntelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LookupIntelRequest & threatguard.v1.LookupIntelRequest.$Shape;
        }

        namespace LookupIntelRequest {
            interface $Properties {
                value?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LookupIntelRequest.$Properties;
        }

        interface ILookupIntelResponse extends threatguard.v1.LookupIntelResponse.$Properties {
        }

        class LookupIntelResponse {
            constructor(properties?: threatguard.v1.LookupIntelResponse.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            value: string;
            indicators: threatguard.v1.IntelIndicator[];
            withdrawn: threatguard.v1.IntelWithdrawal[];
            searches: threatguard.v1.IntelSearch[];
            static create(properties: threatguard.v1.LookupIntelResponse.$Shape): threatguard.v1.LookupIntelResponse & threatguard.v1.LookupIntelResponse.$Shape;
            static create(properties?: threatguard.v1.LookupIntelResponse.$Properties): threatguard.v1.LookupIntelResponse;
            static encode(message: threatguard.v1.LookupIntelResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LookupIntelResponse & threatguard.v1.LookupIntelResponse.$Shape;
        }

        namespace LookupIntelResponse {
            interface $Properties {
                kind?: string;
                value?: string;
                indicators?: threatguard.v1.IntelIndicator.$Properties[];
                withdrawn?: threatguard.v1.IntelWithdrawal.$Properties[];
                searches?: threatguard.v1.IntelSearch.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LookupIntelResponse.$Properties;
        }

        interface IIntelWithdrawal extends threatguard.v1.IntelWithdrawal.$Properties {
        }

        class IntelWithdrawal {
            constructor(properties?: threatguard.v1.IntelWithdrawal.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            atUs: number;
            by: string;
            static create(properties: threatguard.v1.IntelWithdrawal.$Shape): threatguard.v1.IntelWithdrawal & threatguard.v1.IntelWithdrawal.$Shape;
            static create(properties?: threatguard.v1.IntelWithdrawal.$Properties): threatguard.v1.IntelWithdrawal;
            static encode(message: threatguard.v1.IntelWithdrawal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelWithdrawal & threatguard.v1.IntelWithdrawal.$Shape;
        }

        namespace IntelWithdrawal {
            interface $Properties {
                source?: string;
                atUs?: number;
                by?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelWithdrawal.$Properties;
        }

        interface IIntelSearch extends threatguard.v1.IntelSearch.$Properties {
        }

        class IntelSearch {
            constructor(properties?: threatguard.v1.IntelSearch.$Properties);
            $unknowns?: Uint8Array[];
            filters: threatguard.v1.FieldFilter[];
            static create(properties: threatguard.v1.IntelSearch.$Shape): threatguard.v1.IntelSearch & threatguard.v1.IntelSearch.$Shape;
            static create(properties?: threatguard.v1.IntelSearch.$Properties): threatguard.v1.IntelSearch;
            static encode(message: threatguard.v1.IntelSearch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelSearch & threatguard.v1.IntelSearch.$Shape;
        }

        namespace IntelSearch {
            interface $Properties {
                filters?: threatguard.v1.FieldFilter.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelSearch.$Properties;
        }

        interface IListIntelSourcesRequest extends threatguard.v1.ListIntelSourcesRequest.$Properties {
        }

        class ListIntelSourcesRequest {
            constructor(properties?: threatguard.v1.ListIntelSourcesRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.ListIntelSourcesRequest.$Shape): threatguard.v1.ListIntelSourcesRequest & threatguard.v1.ListIntelSourcesRequest.$Shape;
            static create(properties?: threatguard.v1.ListIntelSourcesRequest.$Properties): threatguard.v1.ListIntelSourcesRequest;
            static encode(message: threatguard.v1.ListIntelSourcesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListIntelSourcesRequest & threatguard.v1.ListIntelSourcesRequest.$Shape;
        }

        namespace ListIntelSourcesRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListIntelSourcesRequest.$Properties;
        }

        interface IListIntelSourcesResponse extends threatguard.v1.ListIntelSourcesResponse.$Properties {
        }

        class ListIntelSourcesResponse {
            constructor(properties?: threatguard.v1.ListIntelSourcesResponse.$Properties);
            $unknowns?: Uint8Array[];
            sources: threatguard.v1.IntelSource[];
            indicators: number;
            bytes: number;
            retro: threatguard.v1.IntelRetro[];
            static create(properties: threatguard.v1.ListIntelSourcesResponse.$Shape): threatguard.v1.ListIntelSourcesResponse & threatguard.v1.ListIntelSourcesResponse.$Shape;
            static create(properties?: threatguard.v1.ListIntelSourcesResponse.$Properties): threatguard.v1.ListIntelSourcesResponse;
            static encode(message: threatguard.v1.ListIntelSourcesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListIntelSourcesResponse & threatguard.v1.ListIntelSourcesResponse.$Shape;
        }

        namespace ListIntelSourcesResponse {
            interface $Properties {
                sources?: threatguard.v1.IntelSource.$Properties[];
                indicators?: number;
                bytes?: number;
                retro?: threatguard.v1.IntelRetro.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListIntelSourcesResponse.$Properties;
        }

        interface IIntelSource extends threatguard.v1.IntelSource.$Properties {
        }

        class IntelSource {
            constructor(properties?: threatguard.v1.IntelSource.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            confidence: number;
            tlp: string;
            format: string;
            url: string;
            everySeconds: number;
            indicators: number;
            importedAtUs: number;
            checkedAtUs: number;
            failure: string;
            failures: number;
            nextAtUs: number;
            last: threatguard.v1.IntelReport;
            static create(properties: threatguard.v1.IntelSource.$Shape): threatguard.v1.IntelSource & threatguard.v1.IntelSource.$Shape;
            static create(properties?: threatguard.v1.IntelSource.$Properties): threatguard.v1.IntelSource;
            static encode(message: threatguard.v1.IntelSource.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelSource & threatguard.v1.IntelSource.$Shape;
        }

        namespace IntelSource {
            interface $Properties {
                name?: string;
                confidence?: number;
                tlp?: string;
                format?: string;
                url?: string;
                everySeconds?: number;
                indicators?: number;
                importedAtUs?: number;
                checkedAtUs?: number;
                failure?: string;
                failures?: number;
                nextAtUs?: number;
                last?: threatguard.v1.IntelReport.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelSource.$Properties;
        }

        interface IIntelRetro extends threatguard.v1.IntelRetro.$Properties {
        }

        class IntelRetro {
            constructor(properties?: threatguard.v1.IntelRetro.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            madeAtUs: number;
            fromUs: number;
            doneUntilUs: number;
            values: number;
            scanned: number;
            hits: number;
            state: string;
            searched: number;
            static create(properties: threatguard.v1.IntelRetro.$Shape): threatguard.v1.IntelRetro & threatguard.v1.IntelRetro.$Shape;
            static create(properties?: threatguard.v1.IntelRetro.$Properties): threatguard.v1.IntelRetro;
            static encode(message: threatguard.v1.IntelRetro.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.IntelRetro & threatguard.v1.IntelRetro.$Shape;
        }

        namespace IntelRetro {
            interface $Properties {
                source?: string;
                madeAtUs?: number;
                fromUs?: number;
                doneUntilUs?: number;
                values?: number;
                scanned?: number;
                hits?: number;
                state?: string;
                searched?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.IntelRetro.$Properties;
        }

        interface IRemoveIntelRequest extends threatguard.v1.RemoveIntelRequest.$Properties {
        }

        class RemoveIntelRequest {
            constructor(properties?: threatguard.v1.RemoveIntelRequest.$Properties);
            $unknowns?: Uint8Array[];
            source: string;
            value: string;
            undo: boolean;
            static create(properties: threatguard.v1.RemoveIntelRequest.$Shape): threatguard.v1.RemoveIntelRequest & threatguard.v1.RemoveIntelRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveIntelRequest.$Properties): threatguard.v1.RemoveIntelRequest;
            static encode(message: threatguard.v1.RemoveIntelRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveIntelRequest & threatguard.v1.RemoveIntelRequest.$Shape;
        }

        namespace RemoveIntelRequest {
            interface $Properties {
                source?: string;
                value?: string;
                undo?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveIntelRequest.$Properties;
        }

        interface IRemoveIntelResponse extends threatguard.v1.RemoveIntelResponse.$Properties {
        }

        class RemoveIntelResponse {
            constructor(properties?: threatguard.v1.RemoveIntelResponse.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            value: string;
            removed: number;
            static create(properties: threatguard.v1.RemoveIntelResponse.$Shape): threatguard.v1.RemoveIntelResponse & threatguard.v1.RemoveIntelResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveIntelResponse.$Properties): threatguard.v1.RemoveIntelResponse;
            static encode(message: threatguard.v1.RemoveIntelResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveIntelResponse & threatguard.v1.RemoveIntelResponse.$Shape;
        }

        namespace RemoveIntelResponse {
            interface $Properties {
                kind?: string;
                value?: string;
                removed?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveIntelResponse.$Properties;
        }

        interface IRotateKeysRequest extends threatguard.v1.RotateKeysRequest.$Properties {
        }

        class RotateKeysRequest {
            constructor(properties?: threatguard.v1.RotateKeysRequest.$Properties);
            $unknowns?: Uint8Array[];
            canaryPermille: number;
            compromised: boolean;
            dryRun: boolean;
            static create(properties: threatguard.v1.RotateKeysRequest.$Shape): threatguard.v1.RotateKeysRequest & threatguard.v1.RotateKeysRequest.$Shape;
            static create(properties?: threatguard.v1.RotateKeysRequest.$Properties): threatguard.v1.RotateKeysRequest;
            static encode(message: threatguard.v1.RotateKeysRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RotateKeysRequest & threatguard.v1.RotateKeysRequest.$Shape;
        }

        namespace RotateKeysRequest {
            interface $Properties {
                canaryPermille?: number;
                compromised?: boolean;
                dryRun?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RotateKeysRequest.$Properties;
        }

        interface IRotateKeysResponse extends threatguard.v1.RotateKeysResponse.$Properties {
        }

        class RotateKeysResponse {
            constructor(properties?: threatguard.v1.RotateKeysResponse.$Properties);
            $unknowns?: Uint8Array[];
            keys: threatguard.v1.KeysReport;
            plan: threatguard.v1.RotationPlan;
            static create(properties: threatguard.v1.RotateKeysResponse.$Shape): threatguard.v1.RotateKeysResponse & threatguard.v1.RotateKeysResponse.$Shape;
            static create(properties?: threatguard.v1.RotateKeysResponse.$Properties): threatguard.v1.RotateKeysResponse;
            static encode(message: threatguard.v1.RotateKeysResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RotateKeysResponse & threatguard.v1.RotateKeysResponse.$Shape;
        }

        namespace RotateKeysResponse {
            interface $Properties {
                keys?: threatguard.v1.KeysReport.$Properties;
                plan?: threatguard.v1.RotationPlan.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RotateKeysResponse.$Properties;
        }

        interface IRotationPlan extends threatguard.v1.RotationPlan.$Properties {
        }

        class RotationPlan {
            constructor(properties?: threatguard.v1.RotationPlan.$Properties);
            $unknowns?: Uint8Array[];
            fromEpoch: number;
            toEpoch: number;
            agents: number;
            connected: number;
            canaryAgents: number;
            spooledEnvelopes: number;
            offline: threatguard.v1.EpochAgent[];
            static create(properties: threatguard.v1.RotationPlan.$Shape): threatguard.v1.RotationPlan & threatguard.v1.RotationPlan.$Shape;
            static create(properties?: threatguard.v1.RotationPlan.$Properties): threatguard.v1.RotationPlan;
            static encode(message: threatguard.v1.RotationPlan.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RotationPlan & threatguard.v1.RotationPlan.$Shape;
        }

        namespace RotationPlan {
            interface $Properties {
                fromEpoch?: number;
                toEpoch?: number;
                agents?: number;
                connected?: number;
                canaryAgents?: number;
                spooledEnvelopes?: number;
                offline?: threatguard.v1.EpochAgent.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RotationPlan.$Properties;
        }

        interface IGetKeysRequest extends threatguard.v1.GetKeysRequest.$Properties {
        }

        class GetKeysRequest {
            constructor(properties?: threatguard.v1.GetKeysRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.GetKeysRequest.$Shape): threatguard.v1.GetKeysRequest & threatguard.v1.GetKeysRequest.$Shape;
            static create(properties?: threatguard.v1.GetKeysRequest.$Properties): threatguard.v1.GetKeysRequest;
            static encode(message: threatguard.v1.GetKeysRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetKeysRequest & threatguard.v1.GetKeysRequest.$Shape;
        }

        namespace GetKeysRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetKeysRequest.$Properties;
        }

        interface IControlRotationRequest extends threatguard.v1.ControlRotationRequest.$Properties {
        }

        class ControlRotationRequest {
            constructor(properties?: threatguard.v1.ControlRotationRequest.$Properties);
            $unknowns?: Uint8Array[];
            action: string;
            static create(properties: threatguard.v1.ControlRotationRequest.$Shape): threatguard.v1.ControlRotationRequest & threatguard.v1.ControlRotationRequest.$Shape;
            static create(properties?: threatguard.v1.ControlRotationRequest.$Properties): threatguard.v1.ControlRotationRequest;
            static encode(message: threatguard.v1.ControlRotationRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ControlRotationRequest & threatguard.v1.ControlRotationRequest.$Shape;
        }

        namespace ControlRotationRequest {
            interface $Properties {
                action?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ControlRotationRequest.$Properties;
        }

        interface IScheduleRotationRequest extends threatguard.v1.ScheduleRotationRequest.$Properties {
        }

        class ScheduleRotationRequest {
            constructor(properties?: threatguard.v1.ScheduleRotationRequest.$Properties);
            $unknowns?: Uint8Array[];
            everySeconds: number;
            static create(properties: threatguard.v1.ScheduleRotationRequest.$Shape): threatguard.v1.ScheduleRotationRequest & threatguard.v1.ScheduleRotationRequest.$Shape;
            static create(properties?: threatguard.v1.ScheduleRotationRequest.$Properties): threatguard.v1.ScheduleRotationRequest;
            static encode(message: threatguard.v1.ScheduleRotationRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ScheduleRotationRequest & threatguard.v1.ScheduleRotationRequest.$Shape;
        }

        namespace ScheduleRotationRequest {
            interface $Properties {
                everySeconds?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ScheduleRotationRequest.$Properties;
        }

        interface IDestroyEpochRequest extends threatguard.v1.DestroyEpochRequest.$Properties {
        }

        class DestroyEpochRequest {
            constructor(properties?: threatguard.v1.DestroyEpochRequest.$Properties);
            $unknowns?: Uint8Array[];
            epoch: number;
            force: boolean;
            fleetName: string;
            static create(properties: threatguard.v1.DestroyEpochRequest.$Shape): threatguard.v1.DestroyEpochRequest & threatguard.v1.DestroyEpochRequest.$Shape;
            static create(properties?: threatguard.v1.DestroyEpochRequest.$Properties): threatguard.v1.DestroyEpochRequest;
            static encode(message: threatguard.v1.DestroyEpochRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.DestroyEpochRequest & threatguard.v1.DestroyEpochRequest.$Shape;
        }

        namespace DestroyEpochRequest {
            interface $Properties {
                epoch?: number;
                force?: boolean;
                fleetName?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.DestroyEpochRequest.$Properties;
        }

        interface IKeysReport extends threatguard.v1.KeysReport.$Properties {
        }

        class KeysReport {
            constructor(properties?: threatguard.v1.KeysReport.$Properties);
            $unknowns?: Uint8Array[];
            fleetName: string;
            epochs: threatguard.v1.KemEpoch[];
            rotation: threatguard.v1.KeyRotation;
            stragglers: threatguard.v1.EpochAgent[];
            scheduleSeconds: number;
            nextRotationAtUs: number;
            nowUs: number;
            static create(properties: threatguard.v1.KeysReport.$Shape): threatguard.v1.KeysReport & threatguard.v1.KeysReport.$Shape;
            static create(properties?: threatguard.v1.KeysReport.$Properties): threatguard.v1.KeysReport;
            static encode(message: threatguard.v1.KeysReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KeysReport & threatguard.v1.KeysReport.$Shape;
        }

        namespace KeysReport {
            interface $Properties {
                fleetName?: string;
                epochs?: threatguard.v1.KemEpoch.$Properties[];
                rotation?: threatguard.v1.KeyRotation.$Properties;
                stragglers?: threatguard.v1.EpochAgent.$Properties[];
                scheduleSeconds?: number;
                nextRotationAtUs?: number;
                nowUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KeysReport.$Properties;
        }

        interface IKemEpoch extends threatguard.v1.KemEpoch.$Properties {
        }

        class KemEpoch {
            constructor(properties?: threatguard.v1.KemEpoch.$Properties);
            $unknowns?: Uint8Array[];
            epoch: number;
            algorithm: string;
            publicKeySha256: Uint8Array;
            state: string;
            createdAtUs: number;
            announcedAtUs: number;
            destroyedAtUs: number;
            agentsSealing: number;
            agentsHolding: number;
            static create(properties: threatguard.v1.KemEpoch.$Shape): threatguard.v1.KemEpoch & threatguard.v1.KemEpoch.$Shape;
            static create(properties?: threatguard.v1.KemEpoch.$Properties): threatguard.v1.KemEpoch;
            static encode(message: threatguard.v1.KemEpoch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KemEpoch & threatguard.v1.KemEpoch.$Shape;
        }

        namespace KemEpoch {
            interface $Properties {
                epoch?: number;
                algorithm?: string;
                publicKeySha256?: Uint8Array;
                state?: string;
                createdAtUs?: number;
                announcedAtUs?: number;
                destroyedAtUs?: number;
                agentsSealing?: number;
                agentsHolding?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KemEpoch.$Properties;
        }

        interface IKeyRotation extends threatguard.v1.KeyRotation.$Properties {
        }

        class KeyRotation {
            constructor(properties?: threatguard.v1.KeyRotation.$Properties);
            $unknowns?: Uint8Array[];
            epoch: number;
            fromEpoch: number;
            phase: string;
            paused: boolean;
            compromised: boolean;
            startedAtUs: number;
            endedAtUs: number;
            startedBy: string;
            canaryAgents: number;
            agents: number;
            told: number;
            confirmed: number;
            drained: number;
            stragglers: number;
            static create(properties: threatguard.v1.KeyRotation.$Shape): threatguard.v1.KeyRotation & threatguard.v1.KeyRotation.$Shape;
            static create(properties?: threatguard.v1.KeyRotation.$Properties): threatguard.v1.KeyRotation;
            static encode(message: threatguard.v1.KeyRotation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.KeyRotation & threatguard.v1.KeyRotation.$Shape;
        }

        namespace KeyRotation {
            interface $Properties {
                epoch?: number;
                fromEpoch?: number;
                phase?: string;
                paused?: boolean;
                compromised?: boolean;
                startedAtUs?: number;
                endedAtUs?: number;
                startedBy?: string;
                canaryAgents?: number;
                agents?: number;
                told?: number;
                confirmed?: number;
                drained?: number;
                stragglers?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.KeyRotation.$Properties;
        }

        interface IEpochAgent extends threatguard.v1.EpochAgent.$Properties {
        }

        class EpochAgent {
            constructor(properties?: threatguard.v1.EpochAgent.$Properties);
            $unknowns?: Uint8Array[];
            agentId: string;
            agentName: string;
            connected: boolean;
            lastSeenAtUs: number;
            sealingEpoch: number;
            oldestSpooledEpoch: number;
            waitsFor: string;
            static create(properties: threatguard.v1.EpochAgent.$Shape): threatguard.v1.EpochAgent & threatguard.v1.EpochAgent.$Shape;
            static create(properties?: threatguard.v1.EpochAgent.$Properties): threatguard.v1.EpochAgent;
            static encode(message: threatguard.v1.EpochAgent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.EpochAgent & threatguard.v1.EpochAgent.$Shape;
        }

        namespace EpochAgent {
            interface $Properties {
                agentId?: string;
                agentName?: string;
                connected?: boolean;
                lastSeenAtUs?: number;
                sealingEpoch?: number;
                oldestSpooledEpoch?: number;
                waitsFor?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.EpochAgent.$Properties;
        }

        interface IGetLoginRequest extends threatguard.v1.GetLoginRequest.$Properties {
        }

        class GetLoginRequest {
            constructor(properties?: threatguard.v1.GetLoginRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.GetLoginRequest.$Shape): threatguard.v1.GetLoginRequest & threatguard.v1.GetLoginRequest.$Shape;
            static create(properties?: threatguard.v1.GetLoginRequest.$Properties): threatguard.v1.GetLoginRequest;
            static encode(message: threatguard.v1.GetLoginRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetLoginRequest & threatguard.v1.GetLoginRequest.$Shape;
        }

        namespace GetLoginRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetLoginRequest.$Properties;
        }

        interface ILoginWays extends threatguard.v1.LoginWays.$Properties {
        }

        class LoginWays {
            constructor(properties?: threatguard.v1.LoginWays.$Properties);
            $unknowns?: Uint8Array[];
            required: boolean;
            issuer: string;
            clientId: string;
            static create(properties: threatguard.v1.LoginWays.$Shape): threatguard.v1.LoginWays & threatguard.v1.LoginWays.$Shape;
            static create(properties?: threatguard.v1.LoginWays.$Properties): threatguard.v1.LoginWays;
            static encode(message: threatguard.v1.LoginWays.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LoginWays & threatguard.v1.LoginWays.$Shape;
        }

        namespace LoginWays {
            interface $Properties {
                required?: boolean;
                issuer?: string;
                clientId?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LoginWays.$Properties;
        }

        interface ILogInRequest extends threatguard.v1.LogInRequest.$Properties {
        }

        class LogInRequest {
            constructor(properties?: threatguard.v1.LogInRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            password: string;
            code: string;
            static create(properties: threatguard.v1.LogInRequest.$Shape): threatguard.v1.LogInRequest & threatguard.v1.LogInRequest.$Shape;
            static create(properties?: threatguard.v1.LogInRequest.$Properties): threatguard.v1.LogInRequest;
            static encode(message: threatguard.v1.LogInRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LogInRequest & threatguard.v1.LogInRequest.$Shape;
        }

        namespace LogInRequest {
            interface $Properties {
                name?: string;
                password?: string;
                code?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LogInRequest.$Properties;
        }

        interface ILoginGrant extends threatguard.v1.LoginGrant.$Properties {
        }

        class LoginGrant {
            constructor(properties?: threatguard.v1.LoginGrant.$Properties);
            $unknowns?: Uint8Array[];
            accessToken: string;
            refreshToken: string;
            expiresInSeconds: number;
            user: string;
            role: string;
            static create(properties: threatguard.v1.LoginGrant.$Shape): threatguard.v1.LoginGrant & threatguard.v1.LoginGrant.$Shape;
            static create(properties?: threatguard.v1.LoginGrant.$Properties): threatguard.v1.LoginGrant;
            static encode(message: threatguard.v1.LoginGrant.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LoginGrant & threatguard.v1.LoginGrant.$Shape;
        }

        namespace LoginGrant {
            interface $Properties {
                accessToken?: string;
                refreshToken?: string;
                expiresInSeconds?: number;
                user?: string;
                role?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LoginGrant.$Properties;
        }

        interface IBeginDeviceLoginRequest extends threatguard.v1.BeginDeviceLoginRequest.$Properties {
        }

        class BeginDeviceLoginRequest {
            constructor(properties?: threatguard.v1.BeginDeviceLoginRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.BeginDeviceLoginRequest.$Shape): threatguard.v1.BeginDeviceLoginRequest & threatguard.v1.BeginDeviceLoginRequest.$Shape;
            static create(properties?: threatguard.v1.BeginDeviceLoginRequest.$Properties): threatguard.v1.BeginDeviceLoginRequest;
            static encode(message: threatguard.v1.BeginDeviceLoginRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.BeginDeviceLoginRequest & threatguard.v1.BeginDeviceLoginRequest.$Shape;
        }

        namespace BeginDeviceLoginRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.BeginDeviceLoginRequest.$Properties;
        }

        interface IDeviceLogin extends threatguard.v1.DeviceLogin.$Properties {
        }

        class DeviceLogin {
            constructor(properties?: threatguard.v1.DeviceLogin.$Properties);
            $unknowns?: Uint8Array[];
            handle: string;
            userCode: string;
            verificationUri: string;
            verificationUriComplete: string;
            expiresInSeconds: number;
            intervalSeconds: number;
            static create(properties: threatguard.v1.DeviceLogin.$Shape): threatguard.v1.DeviceLogin & threatguard.v1.DeviceLogin.$Shape;
            static create(properties?: threatguard.v1.DeviceLogin.$Properties): threatguard.v1.DeviceLogin;
            static encode(message: threatguard.v1.DeviceLogin.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.DeviceLogin & threatguard.v1.DeviceLogin.$Shape;
        }

        namespace DeviceLogin {
            interface $Properties {
                handle?: string;
                userCode?: string;
                verificationUri?: string;
                verificationUriComplete?: string;
                expiresInSeconds?: number;
                intervalSeconds?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.DeviceLogin.$Properties;
        }

        interface IAskDeviceLoginRequest extends threatguard.v1.AskDeviceLoginRequest.$Properties {
        }

        class AskDeviceLoginRequest {
            constructor(properties?: threatguard.v1.AskDeviceLoginRequest.$Properties);
            $unknowns?: Uint8Array[];
            handle: string;
            static create(properties: threatguard.v1.AskDeviceLoginRequest.$Shape): threatguard.v1.AskDeviceLoginRequest & threatguard.v1.AskDeviceLoginRequest.$Shape;
            static create(properties?: threatguard.v1.AskDeviceLoginRequest.$Properties): threatguard.v1.AskDeviceLoginRequest;
            static encode(message: threatguard.v1.AskDeviceLoginRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AskDeviceLoginRequest & threatguard.v1.AskDeviceLoginRequest.$Shape;
        }

        namespace AskDeviceLoginRequest {
            interface $Properties {
                handle?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AskDeviceLoginRequest.$Properties;
        }

        interface IDeviceLoginAnswer extends threatguard.v1.DeviceLoginAnswer.$Properties {
        }

        class DeviceLoginAnswer {
            constructor(properties?: threatguard.v1.DeviceLoginAnswer.$Properties);
            $unknowns?: Uint8Array[];
            grant: threatguard.v1.LoginGrant;
            againInSeconds: number;
            static create(properties: threatguard.v1.DeviceLoginAnswer.$Shape): threatguard.v1.DeviceLoginAnswer & threatguard.v1.DeviceLoginAnswer.$Shape;
            static create(properties?: threatguard.v1.DeviceLoginAnswer.$Properties): threatguard.v1.DeviceLoginAnswer;
            static encode(message: threatguard.v1.DeviceLoginAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.DeviceLoginAnswer & threatguard.v1.DeviceLoginAnswer.$Shape;
        }

        namespace DeviceLoginAnswer {
            interface $Properties {
                grant?: threatguard.v1.LoginGrant.$Properties;
                againInSeconds?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.DeviceLoginAnswer.$Properties;
        }

        interface IRefreshLoginRequest extends threatguard.v1.RefreshLoginRequest.$Properties {
        }

        class RefreshLoginRequest {
            constructor(properties?: threatguard.v1.RefreshLoginRequest.$Properties);
            $unknowns?: Uint8Array[];
            refreshToken: string;
            static create(properties: threatguard.v1.RefreshLoginRequest.$Shape): threatguard.v1.RefreshLoginRequest & threatguard.v1.RefreshLoginRequest.$Shape;
            static create(properties?: threatguard.v1.RefreshLoginRequest.$Properties): threatguard.v1.RefreshLoginRequest;
            static encode(message: threatguard.v1.RefreshLoginRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RefreshLoginRequest & threatguard.v1.RefreshLoginRequest.$Shape;
        }

        namespace RefreshLoginRequest {
            interface $Properties {
                refreshToken?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RefreshLoginRequest.$Properties;
        }

        interface ILogOutRequest extends threatguard.v1.LogOutRequest.$Properties {
        }

        class LogOutRequest {
            constructor(properties?: threatguard.v1.LogOutRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.LogOutRequest.$Shape): threatguard.v1.LogOutRequest & threatguard.v1.LogOutRequest.$Shape;
            static create(properties?: threatguard.v1.LogOutRequest.$Properties): threatguard.v1.LogOutRequest;
            static encode(message: threatguard.v1.LogOutRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LogOutRequest & threatguard.v1.LogOutRequest.$Shape;
        }

        namespace LogOutRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LogOutRequest.$Properties;
        }

        interface ILogOutResponse extends threatguard.v1.LogOutResponse.$Properties {
        }

        class LogOutResponse {
            constructor(properties?: threatguard.v1.LogOutResponse.$Properties);
            $unknowns?: Uint8Array[];
            provider: string;
            providerUrl: string;
            static create(properties: threatguard.v1.LogOutResponse.$Shape): threatguard.v1.LogOutResponse & threatguard.v1.LogOutResponse.$Shape;
            static create(properties?: threatguard.v1.LogOutResponse.$Properties): threatguard.v1.LogOutResponse;
            static encode(message: threatguard.v1.LogOutResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.LogOutResponse & threatguard.v1.LogOutResponse.$Shape;
        }

        namespace LogOutResponse {
            interface $Properties {
                provider?: string;
                providerUrl?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.LogOutResponse.$Properties;
        }

        interface IWhoAmIRequest extends threatguard.v1.WhoAmIRequest.$Properties {
        }

        class WhoAmIRequest {
            constructor(properties?: threatguard.v1.WhoAmIRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.WhoAmIRequest.$Shape): threatguard.v1.WhoAmIRequest & threatguard.v1.WhoAmIRequest.$Shape;
            static create(properties?: threatguard.v1.WhoAmIRequest.$Properties): threatguard.v1.WhoAmIRequest;
            static encode(message: threatguard.v1.WhoAmIRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.WhoAmIRequest & threatguard.v1.WhoAmIRequest.$Shape;
        }

        namespace WhoAmIRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.WhoAmIRequest.$Properties;
        }

        interface IWhoAmIResponse extends threatguard.v1.WhoAmIResponse.$Properties {
        }

        class WhoAmIResponse {
            constructor(properties?: threatguard.v1.WhoAmIResponse.$Properties);
            $unknowns?: Uint8Array[];
            kind: string;
            name: string;
            role: string;
            scopes: string[];
            source: string;
            static create(properties: threatguard.v1.WhoAmIResponse.$Shape): threatguard.v1.WhoAmIResponse & threatguard.v1.WhoAmIResponse.$Shape;
            static create(properties?: threatguard.v1.WhoAmIResponse.$Properties): threatguard.v1.WhoAmIResponse;
            static encode(message: threatguard.v1.WhoAmIResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.WhoAmIResponse & threatguard.v1.WhoAmIResponse.$Shape;
        }

        namespace WhoAmIResponse {
            interface $Properties {
                kind?: string;
                name?: string;
                role?: string;
                scopes?: string[];
                source?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.WhoAmIResponse.$Properties;
        }

        interface IListRulesRequest extends threatguard.v1.ListRulesRequest.$Properties {
        }

        class ListRulesRequest {
            constructor(properties?: threatguard.v1.ListRulesRequest.$Properties);
            $unknowns?: Uint8Array[];
            state: string;
            levelMin: threatguard.v1.Severity;
            tag: string;
            logsource: string;
            problem: boolean;
            static create(properties: threatguard.v1.ListRulesRequest.$Shape): threatguard.v1.ListRulesRequest & threatguard.v1.ListRulesRequest.$Shape;
            static create(properties?: threatguard.v1.ListRulesRequest.$Properties): threatguard.v1.ListRulesRequest;
            static encode(message: threatguard.v1.ListRulesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListRulesRequest & threatguard.v1.ListRulesRequest.$Shape;
        }

        namespace ListRulesRequest {
            interface $Properties {
                state?: string;
                levelMin?: threatguard.v1.Severity;
                tag?: string;
                logsource?: string;
                problem?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListRulesRequest.$Properties;
        }

        interface IListRulesResponse extends threatguard.v1.ListRulesResponse.$Properties {
        }

        class ListRulesResponse {
            constructor(properties?: threatguard.v1.ListRulesResponse.$Properties);
            $unknowns?: Uint8Array[];
            rules: threatguard.v1.RuleSummary[];
            countedSinceUs: number;
            static create(properties: threatguard.v1.ListRulesResponse.$Shape): threatguard.v1.ListRulesResponse & threatguard.v1.ListRulesResponse.$Shape;
            static create(properties?: threatguard.v1.ListRulesResponse.$Properties): threatguard.v1.ListRulesResponse;
            static encode(message: threatguard.v1.ListRulesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListRulesResponse & threatguard.v1.ListRulesResponse.$Shape;
        }

        namespace ListRulesResponse {
            interface $Properties {
                rules?: threatguard.v1.RuleSummary.$Properties[];
                countedSinceUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListRulesResponse.$Properties;
        }

        interface IRuleSummary extends threatguard.v1.RuleSummary.$Properties {
        }

        class RuleSummary {
            constructor(properties?: threatguard.v1.RuleSummary.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            title: string;
            level: threatguard.v1.Severity;
            kind: string;
            state: string;
            problem: string;
            file: string;
            line: number;
            logsource: string;
            techniques: string[];
            tactics: string[];
            speaks: boolean;
            overrides: boolean;
            matches: number;
            alerts: number;
            lastMatchAtUs: number;
            stateBy: string;
            stateAtUs: number;
            stateReason: string;
            static create(properties: threatguard.v1.RuleSummary.$Shape): threatguard.v1.RuleSummary & threatguard.v1.RuleSummary.$Shape;
            static create(properties?: threatguard.v1.RuleSummary.$Properties): threatguard.v1.RuleSummary;
            static encode(message: threatguard.v1.RuleSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RuleSummary & threatguard.v1.RuleSummary.$Shape;
        }

        namespace RuleSummary {
            interface $Properties {
                id?: string;
                title?: string;
                level?: threatguard.v1.Severity;
                kind?: string;
                state?: string;
                problem?: string;
                file?: string;
                line?: number;
                logsource?: string;
                techniques?: string[];
                tactics?: string[];
                speaks?: boolean;
                overrides?: boolean;
                matches?: number;
                alerts?: number;
                lastMatchAtUs?: number;
                stateBy?: string;
                stateAtUs?: number;
                stateReason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RuleSummary.$Properties;
        }

        interface IShowRuleRequest extends threatguard.v1.ShowRuleRequest.$Properties {
        }

        class ShowRuleRequest {
            constructor(properties?: threatguard.v1.ShowRuleRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.ShowRuleRequest.$Shape): threatguard.v1.ShowRuleRequest & threatguard.v1.ShowRuleRequest.$Shape;
            static create(properties?: threatguard.v1.ShowRuleRequest.$Properties): threatguard.v1.ShowRuleRequest;
            static encode(message: threatguard.v1.ShowRuleRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ShowRuleRequest & threatguard.v1.ShowRuleRequest.$Shape;
        }

        namespace ShowRuleRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ShowRuleRequest.$Properties;
        }

        interface IShowRuleResponse extends threatguard.v1.ShowRuleResponse.$Properties {
        }

        class ShowRuleResponse {
            constructor(properties?: threatguard.v1.ShowRuleResponse.$Properties);
            $unknowns?: Uint8Array[];
            rule: threatguard.v1.RuleSummary;
            text: string;
            description: string;
            falsePositives: string[];
            references: string[];
            author: string;
            status: string;
            refers: string[];
            feeds: string[];
            filters: string[];
            sees: string;
            simulation: threatguard.v1.Simulation;
            countedSinceUs: number;
            static create(properties: threatguard.v1.ShowRuleResponse.$Shape): threatguard.v1.ShowRuleResponse & threatguard.v1.ShowRuleResponse.$Shape;
            static create(properties?: threatguard.v1.ShowRuleResponse.$Properties): threatguard.v1.ShowRuleResponse;
            static encode(message: threatguard.v1.ShowRuleResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ShowRuleResponse & threatguard.v1.ShowRuleResponse.$Shape;
        }

        namespace ShowRuleResponse {
            interface $Properties {
                rule?: threatguard.v1.RuleSummary.$Properties;
                text?: string;
                description?: string;
                falsePositives?: string[];
                references?: string[];
                author?: string;
                status?: string;
                refers?: string[];
                feeds?: string[];
                filters?: string[];
                sees?: string;
                simulation?: threatguard.v1.Simulation.$Properties;
                countedSinceUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ShowRuleResponse.$Properties;
        }

        interface ISimulation extends threatguard.v1.Simulation.$Properties {
        }

        class Simulation {
            constructor(properties?: threatguard.v1.Simulation.$Properties);
            $unknowns?: Uint8Array[];
            matches: number;
            alerts: number;
            firstAtUs: number;
            lastAtUs: number;
            unrecorded: number;
            newest: threatguard.v1.Detection[];
            static create(properties: threatguard.v1.Simulation.$Shape): threatguard.v1.Simulation & threatguard.v1.Simulation.$Shape;
            static create(properties?: threatguard.v1.Simulation.$Properties): threatguard.v1.Simulation;
            static encode(message: threatguard.v1.Simulation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.Simulation & threatguard.v1.Simulation.$Shape;
        }

        namespace Simulation {
            interface $Properties {
                matches?: number;
                alerts?: number;
                firstAtUs?: number;
                lastAtUs?: number;
                unrecorded?: number;
                newest?: threatguard.v1.Detection.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.Simulation.$Properties;
        }

        interface ISetRuleStateRequest extends threatguard.v1.SetRuleStateRequest.$Properties {
        }

        class SetRuleStateRequest {
            constructor(properties?: threatguard.v1.SetRuleStateRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            state: string;
            reason: string;
            static create(properties: threatguard.v1.SetRuleStateRequest.$Shape): threatguard.v1.SetRuleStateRequest & threatguard.v1.SetRuleStateRequest.$Shape;
            static create(properties?: threatguard.v1.SetRuleStateRequest.$Properties): threatguard.v1.SetRuleStateRequest;
            static encode(message: threatguard.v1.SetRuleStateRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SetRuleStateRequest & threatguard.v1.SetRuleStateRequest.$Shape;
        }

        namespace SetRuleStateRequest {
            interface $Properties {
                id?: string;
                state?: string;
                reason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SetRuleStateRequest.$Properties;
        }

        interface ISetRuleStateResponse extends threatguard.v1.SetRuleStateResponse.$Properties {
        }

        class SetRuleStateResponse {
            constructor(properties?: threatguard.v1.SetRuleStateResponse.$Properties);
            $unknowns?: Uint8Array[];
            rule: threatguard.v1.RuleSummary;
            before: string;
            warnings: string[];
            static create(properties: threatguard.v1.SetRuleStateResponse.$Shape): threatguard.v1.SetRuleStateResponse & threatguard.v1.SetRuleStateResponse.$Shape;
            static create(properties?: threatguard.v1.SetRuleStateResponse.$Properties): threatguard.v1.SetRuleStateResponse;
            static encode(message: threatguard.v1.SetRuleStateResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SetRuleStateResponse & threatguard.v1.SetRuleStateResponse.$Shape;
        }

        namespace SetRuleStateResponse {
            interface $Properties {
                rule?: threatguard.v1.RuleSummary.$Properties;
                before?: string;
                warnings?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SetRuleStateResponse.$Properties;
        }

        interface IRuleFileText extends threatguard.v1.RuleFileText.$Properties {
        }

        class RuleFileText {
            constructor(properties?: threatguard.v1.RuleFileText.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            text: string;
            static create(properties: threatguard.v1.RuleFileText.$Shape): threatguard.v1.RuleFileText & threatguard.v1.RuleFileText.$Shape;
            static create(properties?: threatguard.v1.RuleFileText.$Properties): threatguard.v1.RuleFileText;
            static encode(message: threatguard.v1.RuleFileText.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RuleFileText & threatguard.v1.RuleFileText.$Shape;
        }

        namespace RuleFileText {
            interface $Properties {
                name?: string;
                text?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RuleFileText.$Properties;
        }

        interface IImportRulesRequest extends threatguard.v1.ImportRulesRequest.$Properties {
        }

        class ImportRulesRequest {
            constructor(properties?: threatguard.v1.ImportRulesRequest.$Properties);
            $unknowns?: Uint8Array[];
            files: threatguard.v1.RuleFileText[];
            dryRun: boolean;
            override: boolean;
            partial: boolean;
            static create(properties: threatguard.v1.ImportRulesRequest.$Shape): threatguard.v1.ImportRulesRequest & threatguard.v1.ImportRulesRequest.$Shape;
            static create(properties?: threatguard.v1.ImportRulesRequest.$Properties): threatguard.v1.ImportRulesRequest;
            static encode(message: threatguard.v1.ImportRulesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ImportRulesRequest & threatguard.v1.ImportRulesRequest.$Shape;
        }

        namespace ImportRulesRequest {
            interface $Properties {
                files?: threatguard.v1.RuleFileText.$Properties[];
                dryRun?: boolean;
                override?: boolean;
                partial?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ImportRulesRequest.$Properties;
        }

        interface IImportRulesResponse extends threatguard.v1.ImportRulesResponse.$Properties {
        }

        class ImportRulesResponse {
            constructor(properties?: threatguard.v1.ImportRulesResponse.$Properties);
            $unknowns?: Uint8Array[];
            applied: boolean;
            refusals: threatguard.v1.RuleFinding[];
            warnings: threatguard.v1.RuleFinding[];
            rules: threatguard.v1.ImportedRule[];
            files: number;
            unchanged: number;
            leftOut: number;
            filters: number;
            static create(properties: threatguard.v1.ImportRulesResponse.$Shape): threatguard.v1.ImportRulesResponse & threatguard.v1.ImportRulesResponse.$Shape;
            static create(properties?: threatguard.v1.ImportRulesResponse.$Properties): threatguard.v1.ImportRulesResponse;
            static encode(message: threatguard.v1.ImportRulesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ImportRulesResponse & threatguard.v1.ImportRulesResponse.$Shape;
        }

        namespace ImportRulesResponse {
            interface $Properties {
                applied?: boolean;
                refusals?: threatguard.v1.RuleFinding.$Properties[];
                warnings?: threatguard.v1.RuleFinding.$Properties[];
                rules?: threatguard.v1.ImportedRule.$Properties[];
                files?: number;
                unchanged?: number;
                leftOut?: number;
                filters?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ImportRulesResponse.$Properties;
        }

        interface IImportedRule extends threatguard.v1.ImportedRule.$Properties {
        }

        class ImportedRule {
            constructor(properties?: threatguard.v1.ImportedRule.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            title: string;
            file: string;
            line: number;
            change: string;
            static create(properties: threatguard.v1.ImportedRule.$Shape): threatguard.v1.ImportedRule & threatguard.v1.ImportedRule.$Shape;
            static create(properties?: threatguard.v1.ImportedRule.$Properties): threatguard.v1.ImportedRule;
            static encode(message: threatguard.v1.ImportedRule.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ImportedRule & threatguard.v1.ImportedRule.$Shape;
        }

        namespace ImportedRule {
            interface $Properties {
                id?: string;
                title?: string;
                file?: string;
                line?: number;
                change?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ImportedRule.$Properties;
        }

        interface IRuleFinding extends threatguard.v1.RuleFinding.$Properties {
        }

        class RuleFinding {
            constructor(properties?: threatguard.v1.RuleFinding.$Properties);
            $unknowns?: Uint8Array[];
            file: string;
            line: number;
            rule: string;
            reason: string;
            static create(properties: threatguard.v1.RuleFinding.$Shape): threatguard.v1.RuleFinding & threatguard.v1.RuleFinding.$Shape;
            static create(properties?: threatguard.v1.RuleFinding.$Properties): threatguard.v1.RuleFinding;
            static encode(message: threatguard.v1.RuleFinding.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RuleFinding & threatguard.v1.RuleFinding.$Shape;
        }

        namespace RuleFinding {
            interface $Properties {
                file?: string;
                line?: number;
                rule?: string;
                reason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RuleFinding.$Properties;
        }

        interface IRemoveRulesRequest extends threatguard.v1.RemoveRulesRequest.$Properties {
        }

        class RemoveRulesRequest {
            constructor(properties?: threatguard.v1.RemoveRulesRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            static create(properties: threatguard.v1.RemoveRulesRequest.$Shape): threatguard.v1.RemoveRulesRequest & threatguard.v1.RemoveRulesRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveRulesRequest.$Properties): threatguard.v1.RemoveRulesRequest;
            static encode(message: threatguard.v1.RemoveRulesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveRulesRequest & threatguard.v1.RemoveRulesRequest.$Shape;
        }

        namespace RemoveRulesRequest {
            interface $Properties {
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveRulesRequest.$Properties;
        }

        interface IRemoveRulesResponse extends threatguard.v1.RemoveRulesResponse.$Properties {
        }

        class RemoveRulesResponse {
            constructor(properties?: threatguard.v1.RemoveRulesResponse.$Properties);
            $unknowns?: Uint8Array[];
            file: string;
            rules: threatguard.v1.ImportedRule[];
            restored: string[];
            static create(properties: threatguard.v1.RemoveRulesResponse.$Shape): threatguard.v1.RemoveRulesResponse & threatguard.v1.RemoveRulesResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveRulesResponse.$Properties): threatguard.v1.RemoveRulesResponse;
            static encode(message: threatguard.v1.RemoveRulesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveRulesResponse & threatguard.v1.RemoveRulesResponse.$Shape;
        }

        namespace RemoveRulesResponse {
            interface $Properties {
                file?: string;
                rules?: threatguard.v1.ImportedRule.$Properties[];
                restored?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveRulesResponse.$Properties;
        }

        interface IExportRulesRequest extends threatguard.v1.ExportRulesRequest.$Properties {
        }

        class ExportRulesRequest {
            constructor(properties?: threatguard.v1.ExportRulesRequest.$Properties);
            $unknowns?: Uint8Array[];
            imported: boolean;
            static create(properties: threatguard.v1.ExportRulesRequest.$Shape): threatguard.v1.ExportRulesRequest & threatguard.v1.ExportRulesRequest.$Shape;
            static create(properties?: threatguard.v1.ExportRulesRequest.$Properties): threatguard.v1.ExportRulesRequest;
            static encode(message: threatguard.v1.ExportRulesRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExportRulesRequest & threatguard.v1.ExportRulesRequest.$Shape;
        }

        namespace ExportRulesRequest {
            interface $Properties {
                imported?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExportRulesRequest.$Properties;
        }

        interface IExportRulesResponse extends threatguard.v1.ExportRulesResponse.$Properties {
        }

        class ExportRulesResponse {
            constructor(properties?: threatguard.v1.ExportRulesResponse.$Properties);
            $unknowns?: Uint8Array[];
            files: threatguard.v1.RuleFileText[];
            static create(properties: threatguard.v1.ExportRulesResponse.$Shape): threatguard.v1.ExportRulesResponse & threatguard.v1.ExportRulesResponse.$Shape;
            static create(properties?: threatguard.v1.ExportRulesResponse.$Properties): threatguard.v1.ExportRulesResponse;
            static encode(message: threatguard.v1.ExportRulesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExportRulesResponse & threatguard.v1.ExportRulesResponse.$Shape;
        }

        namespace ExportRulesResponse {
            interface $Properties {
                files?: threatguard.v1.RuleFileText.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExportRulesResponse.$Properties;
        }

        interface IExplainEventRequest extends threatguard.v1.ExplainEventRequest.$Properties {
        }

        class ExplainEventRequest {
            constructor(properties?: threatguard.v1.ExplainEventRequest.$Properties);
            $unknowns?: Uint8Array[];
            event: string;
            static create(properties: threatguard.v1.ExplainEventRequest.$Shape): threatguard.v1.ExplainEventRequest & threatguard.v1.ExplainEventRequest.$Shape;
            static create(properties?: threatguard.v1.ExplainEventRequest.$Properties): threatguard.v1.ExplainEventRequest;
            static encode(message: threatguard.v1.ExplainEventRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExplainEventRequest & threatguard.v1.ExplainEventRequest.$Shape;
        }

        namespace ExplainEventRequest {
            interface $Properties {
                event?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExplainEventRequest.$Properties;
        }

        interface IExplainEventResponse extends threatguard.v1.ExplainEventResponse.$Properties {
        }

        class ExplainEventResponse {
            constructor(properties?: threatguard.v1.ExplainEventResponse.$Properties);
            $unknowns?: Uint8Array[];
            event: threatguard.v1.StoredEvent;
            eventId: string;
            rules: threatguard.v1.RuleExplanation[];
            otherRules: number;
            static create(properties: threatguard.v1.ExplainEventResponse.$Shape): threatguard.v1.ExplainEventResponse & threatguard.v1.ExplainEventResponse.$Shape;
            static create(properties?: threatguard.v1.ExplainEventResponse.$Properties): threatguard.v1.ExplainEventResponse;
            static encode(message: threatguard.v1.ExplainEventResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ExplainEventResponse & threatguard.v1.ExplainEventResponse.$Shape;
        }

        namespace ExplainEventResponse {
            interface $Properties {
                event?: threatguard.v1.StoredEvent.$Properties;
                eventId?: string;
                rules?: threatguard.v1.RuleExplanation.$Properties[];
                otherRules?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ExplainEventResponse.$Properties;
        }

        interface IRuleExplanation extends threatguard.v1.RuleExplanation.$Properties {
        }

        class RuleExplanation {
            constructor(properties?: threatguard.v1.RuleExplanation.$Properties);
            $unknowns?: Uint8Array[];
            ruleId: string;
            title: string;
            level: threatguard.v1.Severity;
            state: string;
            outcome: string;
            condition: string;
            selections: threatguard.v1.SelectionOutcome[];
            stopped: string;
            feeds: string[];
            speaks: boolean;
            near: boolean;
            static create(properties: threatguard.v1.RuleExplanation.$Shape): threatguard.v1.RuleExplanation & threatguard.v1.RuleExplanation.$Shape;
            static create(properties?: threatguard.v1.RuleExplanation.$Properties): threatguard.v1.RuleExplanation;
            static encode(message: threatguard.v1.RuleExplanation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RuleExplanation & threatguard.v1.RuleExplanation.$Shape;
        }

        namespace RuleExplanation {
            interface $Properties {
                ruleId?: string;
                title?: string;
                level?: threatguard.v1.Severity;
                state?: string;
                outcome?: string;
                condition?: string;
                selections?: threatguard.v1.SelectionOutcome.$Properties[];
                stopped?: string;
                feeds?: string[];
                speaks?: boolean;
                near?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RuleExplanation.$Properties;
        }

        interface ISelectionOutcome extends threatguard.v1.SelectionOutcome.$Properties {
        }

        class SelectionOutcome {
            constructor(properties?: threatguard.v1.SelectionOutcome.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            holds: boolean;
            item: string;
            wanted: string;
            field: string;
            value: string;
            absent: boolean;
            unseen: boolean;
            static create(properties: threatguard.v1.SelectionOutcome.$Shape): threatguard.v1.SelectionOutcome & threatguard.v1.SelectionOutcome.$Shape;
            static create(properties?: threatguard.v1.SelectionOutcome.$Properties): threatguard.v1.SelectionOutcome;
            static encode(message: threatguard.v1.SelectionOutcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SelectionOutcome & threatguard.v1.SelectionOutcome.$Shape;
        }

        namespace SelectionOutcome {
            interface $Properties {
                name?: string;
                holds?: boolean;
                item?: string;
                wanted?: string;
                field?: string;
                value?: string;
                absent?: boolean;
                unseen?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SelectionOutcome.$Properties;
        }

        interface ICoverageRequest extends threatguard.v1.CoverageRequest.$Properties {
        }

        class CoverageRequest {
            constructor(properties?: threatguard.v1.CoverageRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.CoverageRequest.$Shape): threatguard.v1.CoverageRequest & threatguard.v1.CoverageRequest.$Shape;
            static create(properties?: threatguard.v1.CoverageRequest.$Properties): threatguard.v1.CoverageRequest;
            static encode(message: threatguard.v1.CoverageRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CoverageRequest & threatguard.v1.CoverageRequest.$Shape;
        }

        namespace CoverageRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CoverageRequest.$Properties;
        }

        interface ICoverageResponse extends threatguard.v1.CoverageResponse.$Properties {
        }

        class CoverageResponse {
            constructor(properties?: threatguard.v1.CoverageResponse.$Properties);
            $unknowns?: Uint8Array[];
            techniques: threatguard.v1.CoveredTechnique[];
            rules: number;
            techniquesCovered: number;
            tacticsWithout: string[];
            navigatorLayer: string;
            static create(properties: threatguard.v1.CoverageResponse.$Shape): threatguard.v1.CoverageResponse & threatguard.v1.CoverageResponse.$Shape;
            static create(properties?: threatguard.v1.CoverageResponse.$Properties): threatguard.v1.CoverageResponse;
            static encode(message: threatguard.v1.CoverageResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CoverageResponse & threatguard.v1.CoverageResponse.$Shape;
        }

        namespace CoverageResponse {
            interface $Properties {
                techniques?: threatguard.v1.CoveredTechnique.$Properties[];
                rules?: number;
                techniquesCovered?: number;
                tacticsWithout?: string[];
                navigatorLayer?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CoverageResponse.$Properties;
        }

        interface ICoveredTechnique extends threatguard.v1.CoveredTechnique.$Properties {
        }

        class CoveredTechnique {
            constructor(properties?: threatguard.v1.CoveredTechnique.$Properties);
            $unknowns?: Uint8Array[];
            tactic: string;
            technique: string;
            rules: string[];
            static create(properties: threatguard.v1.CoveredTechnique.$Shape): threatguard.v1.CoveredTechnique & threatguard.v1.CoveredTechnique.$Shape;
            static create(properties?: threatguard.v1.CoveredTechnique.$Properties): threatguard.v1.CoveredTechnique;
            static encode(message: threatguard.v1.CoveredTechnique.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.CoveredTechnique & threatguard.v1.CoveredTechnique.$Shape;
        }

        namespace CoveredTechnique {
            interface $Properties {
                tactic?: string;
                technique?: string;
                rules?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.CoveredTechnique.$Properties;
        }

        enum TriageAction {
            TRIAGE_ACTION_UNSPECIFIED = 0,
            ACKNOWLEDGE = 1,
            ASSIGN = 2,
            NOTE = 3,
            CLOSE = 4,
            REOPEN = 5
        }

        interface IActRequest extends threatguard.v1.ActRequest.$Properties {
        }

        class ActRequest {
            constructor(properties?: threatguard.v1.ActRequest.$Properties);
            $unknowns?: Uint8Array[];
            targets: threatguard.v1.ActTarget[];
            action: threatguard.v1.TriageAction;
            text: string;
            assignee: string;
            verdict: threatguard.v1.AlertVerdict;
            static create(properties: threatguard.v1.ActRequest.$Shape): threatguard.v1.ActRequest & threatguard.v1.ActRequest.$Shape;
            static create(properties?: threatguard.v1.ActRequest.$Properties): threatguard.v1.ActRequest;
            static encode(message: threatguard.v1.ActRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ActRequest & threatguard.v1.ActRequest.$Shape;
        }

        namespace ActRequest {
            interface $Properties {
                targets?: threatguard.v1.ActTarget.$Properties[];
                action?: threatguard.v1.TriageAction;
                text?: string;
                assignee?: string;
                verdict?: threatguard.v1.AlertVerdict;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ActRequest.$Properties;
        }

        interface IActTarget extends threatguard.v1.ActTarget.$Properties {
        }

        class ActTarget {
            constructor(properties?: threatguard.v1.ActTarget.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            triageVersion: (number|null);
            static create(properties: threatguard.v1.ActTarget.$Shape): threatguard.v1.ActTarget & threatguard.v1.ActTarget.$Shape;
            static create(properties?: threatguard.v1.ActTarget.$Properties): threatguard.v1.ActTarget;
            static encode(message: threatguard.v1.ActTarget.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ActTarget & threatguard.v1.ActTarget.$Shape;
        }

        namespace ActTarget {
            interface $Properties {
                id?: string;
                triageVersion?: (number|null);
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ActTarget.$Properties;
        }

        interface IActResponse extends threatguard.v1.ActResponse.$Properties {
        }

        class ActResponse {
            constructor(properties?: threatguard.v1.ActResponse.$Properties);
            $unknowns?: Uint8Array[];
            results: threatguard.v1.ActResult[];
            static create(properties: threatguard.v1.ActResponse.$Shape): threatguard.v1.ActResponse & threatguard.v1.ActResponse.$Shape;
            static create(properties?: threatguard.v1.ActResponse.$Properties): threatguard.v1.ActResponse;
            static encode(message: threatguard.v1.ActResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ActResponse & threatguard.v1.ActResponse.$Shape;
        }

        namespace ActResponse {
            interface $Properties {
                results?: threatguard.v1.ActResult.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ActResponse.$Properties;
        }

        interface IActResult extends threatguard.v1.ActResult.$Properties {
        }

        class ActResult {
            constructor(properties?: threatguard.v1.ActResult.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            alert: threatguard.v1.Alert;
            refusal: string;
            message: string;
            static create(properties: threatguard.v1.ActResult.$Shape): threatguard.v1.ActResult & threatguard.v1.ActResult.$Shape;
            static create(properties?: threatguard.v1.ActResult.$Properties): threatguard.v1.ActResult;
            static encode(message: threatguard.v1.ActResult.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ActResult & threatguard.v1.ActResult.$Shape;
        }

        namespace ActResult {
            interface $Properties {
                id?: string;
                alert?: threatguard.v1.Alert.$Properties;
                refusal?: string;
                message?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ActResult.$Properties;
        }

        interface IGetAlertHistoryRequest extends threatguard.v1.GetAlertHistoryRequest.$Properties {
        }

        class GetAlertHistoryRequest {
            constructor(properties?: threatguard.v1.GetAlertHistoryRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.GetAlertHistoryRequest.$Shape): threatguard.v1.GetAlertHistoryRequest & threatguard.v1.GetAlertHistoryRequest.$Shape;
            static create(properties?: threatguard.v1.GetAlertHistoryRequest.$Properties): threatguard.v1.GetAlertHistoryRequest;
            static encode(message: threatguard.v1.GetAlertHistoryRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.GetAlertHistoryRequest & threatguard.v1.GetAlertHistoryRequest.$Shape;
        }

        namespace GetAlertHistoryRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.GetAlertHistoryRequest.$Properties;
        }

        interface IAlertHistory extends threatguard.v1.AlertHistory.$Properties {
        }

        class AlertHistory {
            constructor(properties?: threatguard.v1.AlertHistory.$Properties);
            $unknowns?: Uint8Array[];
            acts: threatguard.v1.AlertAct[];
            static create(properties: threatguard.v1.AlertHistory.$Shape): threatguard.v1.AlertHistory & threatguard.v1.AlertHistory.$Shape;
            static create(properties?: threatguard.v1.AlertHistory.$Properties): threatguard.v1.AlertHistory;
            static encode(message: threatguard.v1.AlertHistory.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AlertHistory & threatguard.v1.AlertHistory.$Shape;
        }

        namespace AlertHistory {
            interface $Properties {
                acts?: threatguard.v1.AlertAct.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AlertHistory.$Properties;
        }

        interface IAlertAct extends threatguard.v1.AlertAct.$Properties {
        }

        class AlertAct {
            constructor(properties?: threatguard.v1.AlertAct.$Properties);
            $unknowns?: Uint8Array[];
            triageVersion: number;
            atUs: number;
            actorKind: string;
            actorId: string;
            action: threatguard.v1.TriageAction;
            text: string;
            state: threatguard.v1.AlertState;
            assignee: string;
            verdict: threatguard.v1.AlertVerdict;
            static create(properties: threatguard.v1.AlertAct.$Shape): threatguard.v1.AlertAct & threatguard.v1.AlertAct.$Shape;
            static create(properties?: threatguard.v1.AlertAct.$Properties): threatguard.v1.AlertAct;
            static encode(message: threatguard.v1.AlertAct.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AlertAct & threatguard.v1.AlertAct.$Shape;
        }

        namespace AlertAct {
            interface $Properties {
                triageVersion?: number;
                atUs?: number;
                actorKind?: string;
                actorId?: string;
                action?: threatguard.v1.TriageAction;
                text?: string;
                state?: threatguard.v1.AlertState;
                assignee?: string;
                verdict?: threatguard.v1.AlertVerdict;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AlertAct.$Properties;
        }

        interface IApiUser extends threatguard.v1.ApiUser.$Properties {
        }

        class ApiUser {
            constructor(properties?: threatguard.v1.ApiUser.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            role: string;
            secondFactor: boolean;
            source: string;
            madeAtUs: number;
            lastLoginAtUs: number;
            sessions: number;
            tokens: number;
            static create(properties: threatguard.v1.ApiUser.$Shape): threatguard.v1.ApiUser & threatguard.v1.ApiUser.$Shape;
            static create(properties?: threatguard.v1.ApiUser.$Properties): threatguard.v1.ApiUser;
            static encode(message: threatguard.v1.ApiUser.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ApiUser & threatguard.v1.ApiUser.$Shape;
        }

        namespace ApiUser {
            interface $Properties {
                name?: string;
                role?: string;
                secondFactor?: boolean;
                source?: string;
                madeAtUs?: number;
                lastLoginAtUs?: number;
                sessions?: number;
                tokens?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ApiUser.$Properties;
        }

        interface IListUsersRequest extends threatguard.v1.ListUsersRequest.$Properties {
        }

        class ListUsersRequest {
            constructor(properties?: threatguard.v1.ListUsersRequest.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.ListUsersRequest.$Shape): threatguard.v1.ListUsersRequest & threatguard.v1.ListUsersRequest.$Shape;
            static create(properties?: threatguard.v1.ListUsersRequest.$Properties): threatguard.v1.ListUsersRequest;
            static encode(message: threatguard.v1.ListUsersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListUsersRequest & threatguard.v1.ListUsersRequest.$Shape;
        }

        namespace ListUsersRequest {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListUsersRequest.$Properties;
        }

        interface IListUsersResponse extends threatguard.v1.ListUsersResponse.$Properties {
        }

        class ListUsersResponse {
            constructor(properties?: threatguard.v1.ListUsersResponse.$Properties);
            $unknowns?: Uint8Array[];
            users: threatguard.v1.ApiUser[];
            static create(properties: threatguard.v1.ListUsersResponse.$Shape): threatguard.v1.ListUsersResponse & threatguard.v1.ListUsersResponse.$Shape;
            static create(properties?: threatguard.v1.ListUsersResponse.$Properties): threatguard.v1.ListUsersResponse;
            static encode(message: threatguard.v1.ListUsersResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListUsersResponse & threatguard.v1.ListUsersResponse.$Shape;
        }

        namespace ListUsersResponse {
            interface $Properties {
                users?: threatguard.v1.ApiUser.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListUsersResponse.$Properties;
        }

        interface IAddUserRequest extends threatguard.v1.AddUserRequest.$Properties {
        }

        class AddUserRequest {
            constructor(properties?: threatguard.v1.AddUserRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            role: string;
            password: string;
            static create(properties: threatguard.v1.AddUserRequest.$Shape): threatguard.v1.AddUserRequest & threatguard.v1.AddUserRequest.$Shape;
            static create(properties?: threatguard.v1.AddUserRequest.$Properties): threatguard.v1.AddUserRequest;
            static encode(message: threatguard.v1.AddUserRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AddUserRequest & threatguard.v1.AddUserRequest.$Shape;
        }

        namespace AddUserRequest {
            interface $Properties {
                name?: string;
                role?: string;
                password?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AddUserRequest.$Properties;
        }

        interface IAddUserResponse extends threatguard.v1.AddUserResponse.$Properties {
        }

        class AddUserResponse {
            constructor(properties?: threatguard.v1.AddUserResponse.$Properties);
            $unknowns?: Uint8Array[];
            user: threatguard.v1.ApiUser;
            password: string;
            static create(properties: threatguard.v1.AddUserResponse.$Shape): threatguard.v1.AddUserResponse & threatguard.v1.AddUserResponse.$Shape;
            static create(properties?: threatguard.v1.AddUserResponse.$Properties): threatguard.v1.AddUserResponse;
            static encode(message: threatguard.v1.AddUserResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.AddUserResponse & threatguard.v1.AddUserResponse.$Shape;
        }

        namespace AddUserResponse {
            interface $Properties {
                user?: threatguard.v1.ApiUser.$Properties;
                password?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.AddUserResponse.$Properties;
        }

        interface IRemoveUserRequest extends threatguard.v1.RemoveUserRequest.$Properties {
        }

        class RemoveUserRequest {
            constructor(properties?: threatguard.v1.RemoveUserRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            static create(properties: threatguard.v1.RemoveUserRequest.$Shape): threatguard.v1.RemoveUserRequest & threatguard.v1.RemoveUserRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveUserRequest.$Properties): threatguard.v1.RemoveUserRequest;
            static encode(message: threatguard.v1.RemoveUserRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveUserRequest & threatguard.v1.RemoveUserRequest.$Shape;
        }

        namespace RemoveUserRequest {
            interface $Properties {
                name?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveUserRequest.$Properties;
        }

        interface IRemoveUserResponse extends threatguard.v1.RemoveUserResponse.$Properties {
        }

        class RemoveUserResponse {
            constructor(properties?: threatguard.v1.RemoveUserResponse.$Properties);
            $unknowns?: Uint8Array[];
            sessions: number;
            tokens: number;
            static create(properties: threatguard.v1.RemoveUserResponse.$Shape): threatguard.v1.RemoveUserResponse & threatguard.v1.RemoveUserResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveUserResponse.$Properties): threatguard.v1.RemoveUserResponse;
            static encode(message: threatguard.v1.RemoveUserResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveUserResponse & threatguard.v1.RemoveUserResponse.$Shape;
        }

        namespace RemoveUserResponse {
            interface $Properties {
                sessions?: number;
                tokens?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveUserResponse.$Properties;
        }

        interface ISetUserRoleRequest extends threatguard.v1.SetUserRoleRequest.$Properties {
        }

        class SetUserRoleRequest {
            constructor(properties?: threatguard.v1.SetUserRoleRequest.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            role: string;
            static create(properties: threatguard.v1.SetUserRoleRequest.$Shape): threatguard.v1.SetUserRoleRequest & threatguard.v1.SetUserRoleRequest.$Shape;
            static create(properties?: threatguard.v1.SetUserRoleRequest.$Properties): threatguard.v1.SetUserRoleRequest;
            static encode(message: threatguard.v1.SetUserRoleRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SetUserRoleRequest & threatguard.v1.SetUserRoleRequest.$Shape;
        }

        namespace SetUserRoleRequest {
            interface $Properties {
                name?: string;
                role?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SetUserRoleRequest.$Properties;
        }

        interface ISetUserRoleResponse extends threatguard.v1.SetUserRoleResponse.$Properties {
        }

        class SetUserRoleResponse {
            constructor(properties?: threatguard.v1.SetUserRoleResponse.$Properties);
            $unknowns?: Uint8Array[];
            user: threatguard.v1.ApiUser;
            static create(properties: threatguard.v1.SetUserRoleResponse.$Shape): threatguard.v1.SetUserRoleResponse & threatguard.v1.SetUserRoleResponse.$Shape;
            static create(properties?: threatguard.v1.SetUserRoleResponse.$Properties): threatguard.v1.SetUserRoleResponse;
            static encode(message: threatguard.v1.SetUserRoleResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.SetUserRoleResponse & threatguard.v1.SetUserRoleResponse.$Shape;
        }

        namespace SetUserRoleResponse {
            interface $Properties {
                user?: threatguard.v1.ApiUser.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.SetUserRoleResponse.$Properties;
        }

        interface IUserToken extends threatguard.v1.UserToken.$Properties {
        }

        class UserToken {
            constructor(properties?: threatguard.v1.UserToken.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            user: string;
            label: string;
            scopes: string[];
            madeAtUs: number;
            expiresAtUs: number;
            static create(properties: threatguard.v1.UserToken.$Shape): threatguard.v1.UserToken & threatguard.v1.UserToken.$Shape;
            static create(properties?: threatguard.v1.UserToken.$Properties): threatguard.v1.UserToken;
            static encode(message: threatguard.v1.UserToken.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.UserToken & threatguard.v1.UserToken.$Shape;
        }

        namespace UserToken {
            interface $Properties {
                id?: string;
                user?: string;
                label?: string;
                scopes?: string[];
                madeAtUs?: number;
                expiresAtUs?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.UserToken.$Properties;
        }

        interface IListUserTokensRequest extends threatguard.v1.ListUserTokensRequest.$Properties {
        }

        class ListUserTokensRequest {
            constructor(properties?: threatguard.v1.ListUserTokensRequest.$Properties);
            $unknowns?: Uint8Array[];
            user: string;
            static create(properties: threatguard.v1.ListUserTokensRequest.$Shape): threatguard.v1.ListUserTokensRequest & threatguard.v1.ListUserTokensRequest.$Shape;
            static create(properties?: threatguard.v1.ListUserTokensRequest.$Properties): threatguard.v1.ListUserTokensRequest;
            static encode(message: threatguard.v1.ListUserTokensRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListUserTokensRequest & threatguard.v1.ListUserTokensRequest.$Shape;
        }

        namespace ListUserTokensRequest {
            interface $Properties {
                user?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListUserTokensRequest.$Properties;
        }

        interface IListUserTokensResponse extends threatguard.v1.ListUserTokensResponse.$Properties {
        }

        class ListUserTokensResponse {
            constructor(properties?: threatguard.v1.ListUserTokensResponse.$Properties);
            $unknowns?: Uint8Array[];
            tokens: threatguard.v1.UserToken[];
            static create(properties: threatguard.v1.ListUserTokensResponse.$Shape): threatguard.v1.ListUserTokensResponse & threatguard.v1.ListUserTokensResponse.$Shape;
            static create(properties?: threatguard.v1.ListUserTokensResponse.$Properties): threatguard.v1.ListUserTokensResponse;
            static encode(message: threatguard.v1.ListUserTokensResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.ListUserTokensResponse & threatguard.v1.ListUserTokensResponse.$Shape;
        }

        namespace ListUserTokensResponse {
            interface $Properties {
                tokens?: threatguard.v1.UserToken.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.ListUserTokensResponse.$Properties;
        }

        interface IMakeUserTokenRequest extends threatguard.v1.MakeUserTokenRequest.$Properties {
        }

        class MakeUserTokenRequest {
            constructor(properties?: threatguard.v1.MakeUserTokenRequest.$Properties);
            $unknowns?: Uint8Array[];
            user: string;
            label: string;
            scopes: string[];
            validSeconds: number;
            static create(properties: threatguard.v1.MakeUserTokenRequest.$Shape): threatguard.v1.MakeUserTokenRequest & threatguard.v1.MakeUserTokenRequest.$Shape;
            static create(properties?: threatguard.v1.MakeUserTokenRequest.$Properties): threatguard.v1.MakeUserTokenRequest;
            static encode(message: threatguard.v1.MakeUserTokenRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.MakeUserTokenRequest & threatguard.v1.MakeUserTokenRequest.$Shape;
        }

        namespace MakeUserTokenRequest {
            interface $Properties {
                user?: string;
                label?: string;
                scopes?: string[];
                validSeconds?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.MakeUserTokenRequest.$Properties;
        }

        interface IMakeUserTokenResponse extends threatguard.v1.MakeUserTokenResponse.$Properties {
        }

        class MakeUserTokenResponse {
            constructor(properties?: threatguard.v1.MakeUserTokenResponse.$Properties);
            $unknowns?: Uint8Array[];
            record: threatguard.v1.UserToken;
            token: string;
            static create(properties: threatguard.v1.MakeUserTokenResponse.$Shape): threatguard.v1.MakeUserTokenResponse & threatguard.v1.MakeUserTokenResponse.$Shape;
            static create(properties?: threatguard.v1.MakeUserTokenResponse.$Properties): threatguard.v1.MakeUserTokenResponse;
            static encode(message: threatguard.v1.MakeUserTokenResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.MakeUserTokenResponse & threatguard.v1.MakeUserTokenResponse.$Shape;
        }

        namespace MakeUserTokenResponse {
            interface $Properties {
                record?: threatguard.v1.UserToken.$Properties;
                token?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.MakeUserTokenResponse.$Properties;
        }

        interface IRemoveUserTokenRequest extends threatguard.v1.RemoveUserTokenRequest.$Properties {
        }

        class RemoveUserTokenRequest {
            constructor(properties?: threatguard.v1.RemoveUserTokenRequest.$Properties);
            $unknowns?: Uint8Array[];
            id: string;
            static create(properties: threatguard.v1.RemoveUserTokenRequest.$Shape): threatguard.v1.RemoveUserTokenRequest & threatguard.v1.RemoveUserTokenRequest.$Shape;
            static create(properties?: threatguard.v1.RemoveUserTokenRequest.$Properties): threatguard.v1.RemoveUserTokenRequest;
            static encode(message: threatguard.v1.RemoveUserTokenRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveUserTokenRequest & threatguard.v1.RemoveUserTokenRequest.$Shape;
        }

        namespace RemoveUserTokenRequest {
            interface $Properties {
                id?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveUserTokenRequest.$Properties;
        }

        interface IRemoveUserTokenResponse extends threatguard.v1.RemoveUserTokenResponse.$Properties {
        }

        class RemoveUserTokenResponse {
            constructor(properties?: threatguard.v1.RemoveUserTokenResponse.$Properties);
            $unknowns?: Uint8Array[];
            static create(properties: threatguard.v1.RemoveUserTokenResponse.$Shape): threatguard.v1.RemoveUserTokenResponse & threatguard.v1.RemoveUserTokenResponse.$Shape;
            static create(properties?: threatguard.v1.RemoveUserTokenResponse.$Properties): threatguard.v1.RemoveUserTokenResponse;
            static encode(message: threatguard.v1.RemoveUserTokenResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): threatguard.v1.RemoveUserTokenResponse & threatguard.v1.RemoveUserTokenResponse.$Shape;
        }

        namespace RemoveUserTokenResponse {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = threatguard.v1.RemoveUserTokenResponse.$Properties;
        }
    }
}
