namespace Puna.SideBySide;

/// <summary>All contests: what the engine should reach, row by row.</summary>
public static class Contests
{
    private const string Tiny = "tinyllama-1.1b";
    private const string Small = "llama-110m";

    // Enough for a steady rate, few enough that all rows take a quarter of an hour.
    private const int Tokens = 64;
    private const int DeepTokens = 32;
    private const int BatchPrompt = 16;

    /// <summary>Every contest, in the order of the table.</summary>
    public static IReadOnlyList<Contest> All { get; } =
    [
        Kernel("sgemm-1024", "SGEMM 1024 x 1024 x 1024", "gemm f32 1024x1024x1024", 0.92),
        Kernel("sgemm-512", "SGEMM 512 x 2048 x 2048", "gemm f32 512x2048x2048", 0.92),
        Kernel("sgemm-skinny", "SGEMM 16 x 2048 x 2048", "skinny f32 16x2048x2048", 0.60),
        DefaultModel(),
        DefaultModelDeep(),
        DefaultModelBatch(),
        TinyPromptAndDecode("q8_0", share: true),
        TinyPromptAndDecode("q4_0", share: true),
        TinyPromptAndDecode("q4_k", share: true),
        TinyPromptAndDecode("q2_k", share: false),
        TinyDecode("q3_k"),
        TinyDecode("tq2_0"),
        TinyBatch(),
        TinyDense("f16"),
        TinyDense("bf16"),
        SmallDeep(),
        SmallLongPrompt(),
        new(
            [new PunaFirstToken()],
            [
                new(
                    "first-token",
                    "default model: `puna run` to the first token",
                    RowKind.Seconds,
                    new Target(0.6, 0.6, AtMost: true),
                    new("puna run", "seconds")
                ),
            ]
        ),
    ];

    private static Contest Kernel(string id, string title, string kernel, double share) =>
        new(
            [new PunaKernel(kernel)],
            [
                new(
                    id,
                    $"{title}, of the FMA peak",
                    RowKind.Share,
                    Target.AtLeast(share),
                    new(kernel, "share")
                ),
            ]
        );

    private static Contest DefaultModel() =>
        new(
            [
                new PunaBench("puna", "default", false, "-p", "512", "-n", $"{Tokens}"),
                new LlamaBench("same", "default", "-p", "512", "-n", $"{Tokens}"),
                new LlamaBench("q4_0", "default/q4_0", "-p", "512", "-n", $"{Tokens}"),
            ],
            [
                Ratio("default-pp", "default model (Q4_1), prefill 512", 2.2, "pp", "same"),
                Ratio(
                    "default-pp-q4_0",
                    "the same against llama.cpp's Q4_0",
                    new Target(1.5, 1.0),
                    "pp",
                    "q4_0"
                ),
                Ratio("default-tg", "default model (Q4_1), decode", 2, "tg", "same"),
                Ratio(
                    "default-tg-q4_0",
                    "the same against llama.cpp's Q4_0",
                    new Target(1.8, 1.35),
                    "tg",
                    "q4_0"
                ),
            ]
        );

    private static Contest DefaultModelDeep()
    {
        string[] deep = ["-p", "0", "-n", $"{DeepTokens}", "-d", "7168"];
        return new(
            [
                new PunaBench("puna", "default", false, deep),
                new LlamaBench("same", "default", deep),
                new LlamaBench("q4_0", "default/q4_0", deep),
            ],
            [
                Ratio("deep-tg", "default model (Q4_1), decode at depth 7168", 3, "tg", "same"),
                Ratio("deep-tg-q4_0", "the same against llama.cpp's Q4_0", null, "tg", "q4_0"),
            ],
            IsLong: true
        );
    }

    private static Contest DefaultModelBatch() =>
        new(
            [
                PunaBatch("default", 16),
                new LlamaBatchedBench("same", "default", 16, BatchPrompt, Tokens),
                new LlamaBatchedBench("q4_0", "default/q4_0", 16, BatchPrompt, Tokens),
            ],
            [
                Ratio("batch-tg", "default model (Q4_1), 16 sequences", 2.5, "tg", "same"),
                Ratio("batch-tg-q4_0", "the same against llama.cpp's Q4_0", null, "tg", "q4_0"),
            ]
        );

    private static Contest TinyPromptAndDecode(string format, bool share)
    {
        var name = format.ToUpperInvariant();
        List<Row> rows =
        [
            Ratio(
                $"tiny-pp-{format}",
                $"1.1B {name}, prefill 512",
                new Target(1.3, 1.0),
                "pp",
                "same"
            ),
            Ratio($"tiny-tg-{format}", $"1.1B {name}, decode", share ? 1 : 1.3, "tg", "same"),
        ];
        if (share)
        {
            rows.Add(
                new(
                    $"tiny-share-{format}",
                    $"1.1B {name}, decode, of the read bandwidth",
                    RowKind.Share,
                    Target.AtLeast(0.88),
                    new("puna", "tg.share")
                )
            );
        }

        return new(
            [
                new PunaBench("puna", $"{Tiny}/{format}", share, "-p", "512", "-n", $"{Tokens}"),
                new LlamaBench("same", $"{Tiny}/{format}", "-p", "512", "-n", $"{Tokens}"),
            ],
            rows
        );
    }

    private static Contest TinyDecode(string format) =>
        new(
            [
                new PunaBench("puna", $"{Tiny}/{format}", false, "-p", "0", "-n", $"{Tokens}"),
                new LlamaBench("same", $"{Tiny}/{format}", "-p", "0", "-n", $"{Tokens}"),
            ],
            [
                Ratio(
                    $"tiny-tg-{format}",
                    $"1.1B {format.ToUpperInvariant()}, decode",
                    1.3,
                    "tg",
                    "same"
                ),
            ]
        );

    private static Contest TinyBatch() =>
        new(
            [
                PunaBatch($"{Tiny}/q4_0", 8),
                new LlamaBatchedBench("same", $"{Tiny}/q4_0", 8, BatchPrompt, DeepTokens),
            ],
            [Ratio("tiny-batch-q4_0", "1.1B Q4_0, 8 sequences", new Target(1.5, 1.1), "tg", "same")]
        );

    private static Contest TinyDense(string format) =>
        new(
            [new PunaBench("puna", $"{Tiny}/{format}", true, "-p", "512", "-n", "0")],
            [
                new(
                    $"tiny-pp-{format}",
                    $"1.1B {format.ToUpperInvariant()}, prefill 512, of the FMA peak",
                    RowKind.Share,
                    Target.AtLeast(0.85),
                    new("puna", "pp.share")
                ),
            ]
        );

    private static Contest SmallDeep()
    {
        string[] deep = ["-p", "0", "-n", $"{DeepTokens}", "-d", "8192"];
        var model = $"{Small}/q8_0";
        return new(
            [
                new PunaBench("puna", model, false, deep),
                new PunaBench("int8", model, false, [.. deep, "--kv-format", "int8"]),
                new LlamaBench("same", model, deep),
            ],
            [
                Ratio("small-deep-tg", "110M Q8_0, decode at depth 8192", 1.5, "tg", "same"),
                new(
                    "small-deep-int8",
                    "the same with int8 KV, against our 16-bit KV",
                    RowKind.Ratio,
                    Target.AtLeast(1),
                    new("int8", "tg"),
                    new("puna", "tg")
                ),
            ],
            IsLong: true
        );
    }

    // A short prompt takes the place of llama-bench's warm-up, which would read the long one twice.
    private static Contest SmallLongPrompt() =>
        new(
            [
                new PunaBench("puna", $"{Small}/q8_0", false, "-p", "8192", "-n", "0"),
                new LlamaBench("same", $"{Small}/q8_0", "-p", "64,8192", "-n", "0", "--no-warmup"),
            ],
            [Ratio("small-pp8192", "110M Q8_0, prefill 8192", 1.5, "pp", "same")],
            IsLong: true
        );

    private static PunaBench PunaBatch(string model, int sequences) =>
        new(
            "puna",
            model,
            false,
            "-p",
            "0",
            "-n",
            $"{(sequences == 16 ? Tokens : DeepTokens)}",
            "-b",
            $"{sequences}",
            "-d",
            $"{BatchPrompt}"
        );

    private static Row Ratio(string id, string title, double target, string test, string theirs) =>
        Ratio(id, title, Target.AtLeast(target), test, theirs);

    private static Row Ratio(string id, string title, Target? target, string test, string theirs) =>
        new(id, title, RowKind.Ratio, target, new("puna", test), new(theirs, test));
}
