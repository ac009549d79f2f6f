import Foundation
import Testing

@testable import Figures

@Suite struct InkTests {
    let papers = [\Ink.light, \Ink.dark]

    /// What colours become for the eyes that lack one kind of cone, as matrices over linear RGB:
    /// Machado, Oliveira and Fernandes, 2009, at full severity; and unchanged.
    let visions: [[SIMD3<Double>]] = [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [
            [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ]

    /// The Web Content Accessibility Guidelines ask 4.5 : 1 of words and 3 : 1 of graphics.
    @Test func everyColourStandsOutFromItsPaper() {
        for colour in papers {
            let paper = luminance(linear(Ink.paper[keyPath: colour]))
            func contrast(_ ink: Ink) -> Double {
                let own = luminance(linear(ink[keyPath: colour]))
                return (max(own, paper) + 0.05) / (min(own, paper) + 0.05)
            }
            for ink in Ink.series + [.grey] { #expect(contrast(ink) >= 3, "\(ink)") }
            for ink in [Ink.text, .muted] { #expect(contrast(ink) >= 4.5, "\(ink)") }
        }
    }

    /// 18 apart in CIELAB; the colours that Okabe and Ito published come as near as 16.
    @Test func seriesDifferForEveryColourVision() {
        for colour in papers {
            for vision in visions {
                let seen = Ink.series.map { lab(of: linear($0[keyPath: colour]), seenWith: vision) }
                for (place, one) in seen.enumerated() {
                    for (other, ink) in zip(seen, Ink.series).prefix(place) {
                        let apart = ((one - other) * (one - other)).sum().squareRoot()
                        #expect(apart >= 18, "\(Ink.series[place]) and \(ink)")
                    }
                }
            }
        }
    }

    /// `#rrggbb` as shares of light.
    private func linear(_ colour: String) -> SIMD3<Double> {
        let number = Int(colour.dropFirst(), radix: 16) ?? 0
        let parts = [number >> 16, number >> 8 & 255, number & 255].map { part in
            let share = Double(part) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
        return SIMD3(parts)
    }

    private func luminance(_ light: SIMD3<Double>) -> Double {
        (light * [0.2126, 0.7152, 0.0722]).sum()
    }

    private func lab(of light: SIMD3<Double>, seenWith vision: [SIMD3<Double>]) -> SIMD3<Double> {
        let seen = SIMD3(vision.map { min(max(($0 * light).sum(), 0), 1) })
        let x = (seen * [0.4124, 0.3576, 0.1805]).sum() / 0.9505
        let z = (seen * [0.0193, 0.1192, 0.9505]).sum() / 1.089
        let roots = [x, luminance(seen), z].map { $0 > 0.008856 ? cbrt($0) : 7.787 * $0 + 16 / 116 }
        return [
            116 * roots[1] - 16, 500 * (roots[0] - roots[1]), 200 * (roots[1] - roots[2]),
        ]
    }
}
