import CoreMetrics
import HTTPTypes
import Testing

@testable import CairnGateway

@Suite struct PrometheusTests {
  @Test("Counters, gauges and timers are written as Prometheus reads them") func text() {
    let registry = PrometheusRegistry()
    Counter(label: "b_total", dimensions: [("reason", "stale")], factory: registry).increment(by: 3)
    Counter(label: "b_total", dimensions: [("reason", "expired")], factory: registry).increment()
    Gauge(label: "a", factory: registry).record(12.5)
    Gauge(label: "height", factory: registry).record(7)
    let timer = Timer(label: "seconds", factory: registry)
    timer.recordMilliseconds(5)
    timer.recordMilliseconds(700)
    timer.recordSeconds(31)
    #expect(
      registry.text == """
        # TYPE a gauge
        a 12.5
        # TYPE b_total counter
        b_total{reason="expired"} 1
        b_total{reason="stale"} 3
        # TYPE height gauge
        height 7
        # TYPE seconds histogram
        seconds_bucket{le="0.005"} 1
        seconds_bucket{le="0.01"} 1
        seconds_bucket{le="0.025"} 1
        seconds_bucket{le="0.05"} 1
        seconds_bucket{le="0.1"} 1
        seconds_bucket{le="0.25"} 1
        seconds_bucket{le="0.5"} 1
        seconds_bucket{le="1"} 2
        seconds_bucket{le="2.5"} 2
        seconds_bucket{le="5"} 2
        seconds_bucket{le="10"} 2
        seconds_bucket{le="30"} 2
        seconds_bucket{le="+Inf"} 3
        seconds_sum 31.705
        seconds_count 3

        """)
  }

  @Test("Who asks for the same series twice counts on, whatever the order of its labels") func again() {
    let registry = PrometheusRegistry()
    Counter(label: "c", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
    let again = Counter(label: "c", dimensions: [("y", "2"), ("x", "1")], factory: registry)
    again.increment()
    again.increment(by: -5)
    again.destroy()
    #expect(registry.text == "# TYPE c counter\nc{x=\"1\",y=\"2\"} 2\n")
  }

  @Test("No name and no label breaks out of its line") func escaping() {
    let registry = PrometheusRegistry()
    Gauge(label: "9 lives\n", dimensions: [("a-b", "\"\\\n}")], factory: registry).record(Double.nan)
    #expect(registry.text == "# TYPE _9_lives_ gauge\n_9_lives_{a_b=\"\\\"\\\\\\n}\"} NaN\n")
  }

  @Test("A name has one kind, and there are only so many series") func bounds() {
    let registry = PrometheusRegistry()
    Gauge(label: "one", factory: registry).record(1)
    Counter(label: "one", dimensions: [("x", "1")], factory: registry).increment()
    #expect(registry.text == "# TYPE one gauge\none 1\n")
    for number in 0..<2 * PrometheusRegistry.seriesLimit {
      Counter(label: "many", dimensions: [("n", "\(number)")], factory: registry).increment()
    }
    #expect(registry.text.split(separator: "\n").count == PrometheusRegistry.seriesLimit + 2)
  }

  @Test("What is no number is not measured") func numbers() {
    let registry = PrometheusRegistry()
    let recorder = Recorder(label: "r", factory: registry)
    for value in [Double.infinity, .nan, 2] { recorder.record(value) }
    #expect(registry.text.hasSuffix("r_sum 2\nr_count 1\n"))
    Gauge(label: "z", factory: registry).record(-Double.infinity)
    #expect(registry.text.hasSuffix("z -Inf\n"))
  }

  @Test("Only a gateway with metrics has them") func route() async throws {
    let (without, source, _) = try Gateway.stubbed()
    #expect(await without.get("/metrics").status == .notFound)
    let registry = PrometheusRegistry()
    Gauge(label: "height", factory: registry).record(3)
    let gateway = Gateway(source, metrics: registry, now: { 0 })
    let response = await gateway.get("/metrics")
    #expect(response.status == .ok && response.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(response.headers[.cacheControl] == "no-store")
    #expect(String(decoding: response.body, as: UTF8.self) == "# TYPE height gauge\nheight 3\n")
  }
}
