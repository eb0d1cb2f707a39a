import Foundation

/// How long one byte takes there and back over TCP on loopback, between two threads.
enum LoopbackProbe {
  private static let roundTripCount = 2_000

  static func measure() throws(CommandFailure) -> LatencyHistogram {
    let (listener, port) = try listen()
    defer { close(listener) }
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    var address = loopback(port: port)
    let isConnected = withSocketAddress(&address) { connect(client, $0, $1) } == 0
    let server = accept(listener, nil, nil)
    guard client >= 0, isConnected, server >= 0 else { throw failure() }
    for descriptor in [client, server] { disableDelay(descriptor) }
    let echo = Thread {
      var byte: UInt8 = 0
      while read(server, &byte, 1) == 1, write(server, &byte, 1) == 1 {}
      close(server)
    }
    echo.start()
    return try roundTrips(client)
  }

  private static func roundTrips(_ client: Int32) throws(CommandFailure) -> LatencyHistogram {
    let clock = ContinuousClock()
    var histogram = LatencyHistogram()
    var byte: UInt8 = 0
    for _ in 0..<roundTripCount {
      let start = clock.now
      guard write(client, &byte, 1) == 1, read(client, &byte, 1) == 1 else { throw failure() }
      histogram.add(nanoseconds: start.duration(to: clock.now).nanoseconds)
    }
    return histogram
  }

  private static func listen() throws(CommandFailure) -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw failure() }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard withSocketAddress(&address, { bind(descriptor, $0, $1) }) == 0, Foundation.listen(descriptor, 1) == 0,
      withSocketAddress(&address, { pointer, _ in getsockname(descriptor, pointer, &length) }) == 0
    else {
      close(descriptor)
      throw failure()
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func withSocketAddress(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  private static func disableDelay(_ descriptor: Int32) {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func failure() -> CommandFailure {
    .refused("loopback_probe", "There is no TCP connection over 127.0.0.1 (\(Files.systemError())): check the loopback interface.")
  }
}
