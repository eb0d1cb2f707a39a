import ArgumentParser
import CairnChain
import CairnCrypto
import CairnMessages
import CairnNetwork
import CairnProtocol
import Foundation
import NIOCore
import SwiftProtobuf

/// Where a node answers its operator.
struct AdminOptions: ParsableArguments {
  @Option(help: "host:port of the node's admin listener.") var admin = Setting.listenAdmin.defaultValue ?? ""
  @Option(help: ArgumentHelp("Give up after so many seconds.", valueName: "seconds")) var timeout: Int64 = 5

  func status() async throws(CommandFailure) -> ProtoNodeStatus {
    guard let address = HostAndPort(admin) else { throw .usage("bad_value", "--admin \(admin) is not host:port.") }
    return try await AdminClient.status(of: address, timeout: .seconds(timeout))
  }
}

/// Asks a node for its local view, over plain Cairn RPC on loopback.
enum AdminClient {
  static func status(of address: HostAndPort, timeout: TimeAmount) async throws(CommandFailure) -> ProtoNodeStatus {
    let connection: RPCConnection
    do throws(RPCError) {
      connection = try await connect(to: address, timeout: timeout)
    } catch {
      throw .unreachable(
        "cannot_connect",
        "No node answers its operator on \(address) (\(explain(error))): start it, or give its admin listener with --admin.")
    }
    let answer: ByteBuffer
    do {
      answer = try await connection.call(CairnMethod.nodeStatus.rawValue, ByteBuffer(), deadline: .now() + timeout)
    } catch {
      throw .unreachable("no_answer", "The node on \(address) did not answer (\(explain(error))): try again, or look at its log.")
    }
    await connection.close()
    do { return try ProtoNodeStatus(serializedBytes: Array(answer.readableBytesView)) } catch {
      throw .refused("malformed_answer", "What listens on \(address) is not a node of this version: check the address.")
    }
  }

  /// A hello names the network. The operator asks whatever node is there, so the node's refusal tells which one it is.
  private static func connect(to address: HostAndPort, timeout: TimeAmount) async throws(RPCError) -> RPCConnection {
    do {
      return try await connect(to: address, network: [], timeout: timeout)
    } catch {
      guard case .helloRefused(let refusal) = error, let network = network(in: refusal) else { throw error }
      return try await connect(to: address, network: network, timeout: timeout)
    }
  }

  private static func network(in refusal: RPCRefusal) -> [UInt8]? {
    guard let failure = try? ProtoFailure(serializedBytes: Array(refusal.payload.readableBytesView)), failure.reason == "wrong_network"
    else { return nil }
    return failure.message.split { !$0.isHexDigit }.lazy.compactMap { Digest(hex: String($0))?.bytes }.first
  }

  private static func connect(
    to address: HostAndPort, network: [UInt8], timeout: TimeAmount
  ) async throws(RPCError) -> RPCConnection {
    var hello = ProtoClientHello()
    hello.version = CairnMethod.protocolVersion
    hello.network = Data(network)
    hello.agent = "cairn/\(Version.product)"
    guard let bytes: [UInt8] = try? hello.serializedBytes() else { preconditionFailure("a hello always encodes") }
    var configuration = RPCClientConfiguration(hello: ByteBuffer(bytes: bytes)) { buffer in
      let hello = try ProtoServerHello(serializedBytes: Array(buffer.readableBytesView))
      return RPCSessionLimits(requestsInFlight: Int(hello.maxInFlight), streamCredits: Int(hello.streamCredits))
    }
    configuration.helloTimeout = timeout
    return try await RPCConnection.connect(host: address.host, port: address.port, tls: nil, configuration: configuration)
  }

  private static func explain(_ error: RPCError) -> String {
    switch error {
    case .cannotConnect: "nothing listens there"
    case .helloRejected(let why): why
    case .connectionClosed(let why): why
    default: error.reason
    }
  }
}
