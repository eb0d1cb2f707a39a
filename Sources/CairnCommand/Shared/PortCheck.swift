import CairnChain
import NIOCore
import NIOPosix

/// Whether an address can be listened on, found out by listening.
enum PortCheck {
  /// `nil` when it can.
  static func problem(listeningOn address: HostAndPort) -> String? {
    do {
      try bind(address).close().wait()
      return nil
    } catch let error as IOError {
      return Files.systemError(error.errnoCode)
    } catch {
      return "\(error)"
    }
  }

  /// Ports of 127.0.0.1 that were free a moment ago, all different.
  static func freeLoopbackPorts(_ count: Int) throws(CommandFailure) -> [Int] {
    var channels: [any Channel] = []
    defer { for channel in channels { try? channel.close().wait() } }
    do {
      for _ in 0..<count { channels.append(try bind(HostAndPort(host: "127.0.0.1", port: 0))) }
    } catch {
      throw .refused("no_free_port", "There is no free port on 127.0.0.1 (\(error)): stop what uses them.")
    }
    return channels.compactMap { $0.localAddress?.port }
  }

  private static func bind(_ address: HostAndPort) throws -> any Channel {
    try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: address.host, port: address.port).wait()
  }
}
