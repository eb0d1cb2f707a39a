// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6, explicit existentials, explicit imports; with CAIRN_STRICT set, a warning is an error.
let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (Context.environment["CAIRN_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)])

extension Target.Dependency {
  static let nioCore = product(name: "NIOCore", package: "swift-nio")
  static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
  static let nioConcurrency = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
  static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
  static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
  static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
  static let x509 = product(name: "X509", package: "swift-certificates")
  static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
  static let crypto = product(name: "Crypto", package: "swift-crypto")
  static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
  static let logging = product(name: "Logging", package: "swift-log")
  static let metrics = product(name: "CoreMetrics", package: "swift-metrics")
  static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
  static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let deque = product(name: "DequeModule", package: "swift-collections")
  static let grpcCore = product(name: "GRPCCore", package: "grpc-swift-2")
  static let grpcProtobuf = product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
  static let grpcTransport = product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
  static let yams = product(name: "Yams", package: "Yams")
  static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
  static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
  static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
  static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
}

let package = Package(
  name: "cairn",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "cairn", targets: ["CairnCommand"]),
    .library(name: "CairnClient", targets: ["CairnClient"]),
    .library(name: "CairnTestKit", targets: ["CairnTestKit"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.5.1"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.32.0"),
  ],
  targets: [
    // System libraries.
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // The pure core: synchronous, deterministic, without I/O or clocks.
    .target(name: "CairnCrypto", dependencies: ["CSodium", .crypto, .protobuf], swiftSettings: strict),
    .target(name: "CairnMerkle", dependencies: ["CairnCrypto"], swiftSettings: strict),
    .target(name: "CairnMessages", dependencies: [.protobuf], swiftSettings: [.swiftLanguageMode(.v6)]),
    .target(name: "CairnChain", dependencies: ["CairnCrypto", "CairnMerkle", "CairnMessages", .protobuf], swiftSettings: strict),
    .target(name: "CairnIdentity", dependencies: ["CZlib", "CairnCrypto"], swiftSettings: strict),
    .target(name: "CairnPolicy", swiftSettings: strict),
    .target(
      name: "CairnLedger",
      dependencies: ["CairnCrypto", "CairnMerkle", "CairnMessages", "CairnChain", "CairnIdentity", "CairnPolicy", .protobuf],
      swiftSettings: strict),
    .target(name: "CairnConsensus", dependencies: ["CairnCrypto", "CairnChain"], swiftSettings: strict),

    // The shell: adapters around the core.
    .target(
      name: "CairnStore",
      dependencies: ["CSQLite", "CairnCrypto", "CairnMerkle", "CairnChain", "CairnMessages", .protobuf],
      swiftSettings: strict),
    .target(
      name: "CairnNetwork",
      dependencies: ["CairnCrypto", .nioCore, .nioPosix, .nioTLS, .nioSSL, .x509, .asn1, .logging, .crypto, .deque],
      swiftSettings: strict),
    .target(
      name: "CairnSigner",
      dependencies: ["CairnCrypto", "CairnChain", "CairnStore", "CairnNetwork", .nioCore, .nioPosix, .logging], swiftSettings: strict),
    .target(
      name: "CairnProtocol", dependencies: ["CairnMessages", .grpcCore, .grpcProtobuf, .protobuf], exclude: ["Protos"],
      swiftSettings: [.swiftLanguageMode(.v6)]),
    .target(
      name: "CairnClient",
      dependencies: [
        "CairnCrypto", "CairnMerkle", "CairnMessages", "CairnChain", "CairnIdentity", "CairnLedger", "CairnNetwork", "CairnProtocol",
        .nioCore, .nioPosix, .protobuf, .logging,
      ],
      swiftSettings: strict),
    .target(
      name: "CairnNode",
      dependencies: [
        "CairnCrypto", "CairnMerkle", "CairnMessages", "CairnChain", "CairnIdentity", "CairnLedger", "CairnConsensus", "CairnStore",
        "CairnNetwork", "CairnSigner", "CairnProtocol", .nioCore, .nioPosix, .nioSSL, .protobuf, .logging, .metrics, .lifecycle, .grpcCore,
        .grpcProtobuf,
        .grpcTransport, .deque,
      ],
      swiftSettings: strict),
    .target(
      name: "CairnGateway",
      dependencies: [
        "CairnCrypto", "CairnMessages", "CairnChain", "CairnIdentity", "CairnLedger", "CairnNetwork", "CairnNode", .hummingbird,
        .hummingbirdCore, .httpTypes, .nioHTTPTypes, .nioCore, .nioPosix, .protobuf, .logging, .metrics, .lifecycle,
      ],
      swiftSettings: strict),
    .target(
      name: "CairnTestKit",
      dependencies: [
        "CairnNode", "CairnGateway", "CairnClient", "CairnConsensus", "CairnLedger", "CairnIdentity", "CairnChain", "CairnCrypto",
        "CairnMessages",
        "CairnNetwork", .nioCore, .nioPosix, .logging,
      ],
      swiftSettings: strict),
    .target(
      name: "CairnSimulator",
      dependencies: [
        "CSQLite", "CairnNode", "CairnSigner", "CairnStore", "CairnNetwork", "CairnConsensus", "CairnLedger", "CairnIdentity", "CairnChain",
        "CairnMerkle",
        "CairnCrypto", "CairnMessages", .nioCore, .logging, .protobuf,
      ],
      swiftSettings: strict),
    .target(
      name: "CairnFuzz",
      dependencies: [
        "CairnGateway", "CairnNode", "CairnClient", "CairnStore", "CairnNetwork", "CairnProtocol", "CairnSigner", "CairnLedger",
        "CairnPolicy",
        "CairnIdentity", "CairnChain", "CairnMerkle", "CairnCrypto", "CairnMessages", .nioCore, .nioPosix, .nioEmbedded, .httpTypes,
        .protobuf,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "CairnCommand",
      dependencies: [
        "CairnNode", "CairnSigner", "CairnGateway", "CairnClient", "CairnTestKit", "CairnSimulator", "CairnFuzz", "CairnStore",
        "CairnLedger",
        "CairnIdentity",
        "CairnChain",
        "CairnMerkle",
        "CairnPolicy", "CairnCrypto", "CairnMessages", "CairnNetwork", "CairnProtocol", "CairnConsensus", "CSQLite", .argumentParser, .yams,
        .lifecycle,
        .unixSignals, .logging, .nioCore, .nioPosix, .protobuf, .grpcCore, .grpcTransport, .grpcProtobuf,
      ],
      swiftSettings: strict),

    .testTarget(
      name: "CairnCryptoTests", dependencies: ["CairnCrypto", "CairnMessages", .protobuf],
      swiftSettings: strict),
    .testTarget(
      name: "CairnMerkleTests", dependencies: ["CairnMerkle", "CairnCrypto"],
      swiftSettings: strict),
    .testTarget(
      name: "CairnIdentityTests", dependencies: ["CairnIdentity", "CairnCrypto"],
      swiftSettings: strict),
    .testTarget(name: "CairnPolicyTests", dependencies: ["CairnPolicy"], swiftSettings: strict),
    .testTarget(
      name: "CairnChainTests", dependencies: ["CairnChain", "CairnCrypto", "CairnMerkle", "CairnMessages", .protobuf],
      swiftSettings: strict),
    .testTarget(
      name: "CairnLedgerTests",
      dependencies: [
        "CairnLedger", "CairnPolicy", "CairnIdentity", "CairnChain", "CairnMerkle", "CairnCrypto", "CairnMessages", .protobuf,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CairnConsensusTests", dependencies: ["CairnConsensus", "CairnChain", "CairnCrypto", "CairnMerkle"],
      swiftSettings: strict),
    .testTarget(
      name: "CairnStoreTests", dependencies: ["CairnStore", "CairnCrypto", "CairnMerkle", "CairnChain", "CairnMessages", "CSQLite"],
      swiftSettings: strict),
    .testTarget(
      name: "CairnNetworkTests",
      dependencies: ["CairnNetwork", "CairnCrypto", .nioCore, .nioPosix, .nioEmbedded, .nioSSL, .nioTLS, .logging],
      swiftSettings: strict),
    .testTarget(
      name: "CairnSignerTests",
      dependencies: ["CairnSigner", "CairnStore", "CairnNetwork", "CairnChain", "CairnCrypto", .nioCore, .nioPosix, .logging],
      swiftSettings: strict),
    .testTarget(
      name: "CairnClientTests",
      dependencies: [
        "CairnClient", "CairnNetwork", "CairnProtocol", "CairnMessages", "CairnLedger", "CairnIdentity", "CairnChain", "CairnMerkle",
        "CairnCrypto", .nioCore, .nioPosix, .protobuf,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CairnNodeTests",
      dependencies: [
        "CairnNode", "CairnSigner", "CairnTestKit", "CairnClient", "CairnStore", "CairnConsensus", "CairnNetwork", "CairnProtocol",
        "CairnMessages", "CairnLedger", "CairnIdentity", "CairnChain", "CairnMerkle", "CairnCrypto", "CairnFuzz", "CSQLite", .nioCore,
        .nioPosix, .nioEmbedded, .nioSSL, .protobuf,
        .logging, .grpcCore, .grpcProtobuf, .grpcTransport,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CairnGatewayTests",
      dependencies: [
        "CairnGateway", "CairnTestKit", "CairnClient", "CairnNode", "CairnNetwork", "CairnMessages", "CairnLedger", "CairnIdentity",
        "CairnChain", "CairnMerkle", "CairnCrypto", .httpTypes, .nioCore, .nioPosix, .nioEmbedded, .protobuf, .logging, .metrics,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CairnTestKitTests",
      dependencies: [
        "CairnTestKit", "CairnClient", "CairnNode", "CairnStore", "CairnLedger", "CairnIdentity", "CairnChain", "CairnCrypto",
        "CairnMessages", "CairnNetwork", .nioCore, .nioPosix, .logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CairnSimulatorTests",
      dependencies: [
        "CairnSimulator", "CairnNode", "CairnLedger", "CairnConsensus", "CairnStore", "CairnChain", "CairnCrypto", .nioCore, .logging,
      ],
      exclude: ["Scenarios"], swiftSettings: strict),
    .testTarget(name: "CairnFuzzTests", dependencies: ["CairnFuzz"], swiftSettings: strict),
    .testTarget(
      name: "CairnCommandTests",
      dependencies: [
        "CairnCommand", "CairnFuzz", "CairnStore", "CairnConsensus", "CairnNode", "CairnTestKit", "CairnClient", "CairnLedger",
        "CairnIdentity",
        "CairnChain", "CairnCrypto", "CairnMessages", .argumentParser, .yams, .logging,
      ],
      swiftSettings: strict),
  ]
)
