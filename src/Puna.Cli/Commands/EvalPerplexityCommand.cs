using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Evaluation;

namespace Puna.Cli.Commands;

/// <summary><c>puna eval perplexity</c>: how well a model predicts a text.</summary>
internal static class EvalPerplexityCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL")
        {
            Description = "The model; the default one when this is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var file = new Argument<string?>("FILE")
        {
            Description = "The text file; required.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var stride = new Option<int?>("--stride")
        {
            Description =
                "Distance between the starts of windows; when it is below --ctx, only the new part of each window is scored.",
            HelpName = "N",
        };
        var bos = new Option<bool>("--bos")
        {
            Description = "Put the beginning-of-sequence token in front of the text.",
        };
        var maximum = new Option<int?>("--max-tokens")
        {
            Description = "Use only the first N tokens.",
            HelpName = "N",
        };
        var rule = new Option<string>("--rule")
        {
            Description =
                "windows counts every prediction; llama.cpp counts the second half of each window, as llama-perplexity does.",
            HelpName = "windows|llama.cpp",
            DefaultValueFactory = _ => "windows",
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print predictions, mean_nll and perplexity as one JSON object.",
        };
        var command = new ExampleCommand(
            "perplexity",
            "Measure the mean negative log-likelihood of a text and its perplexity.",
            Examples.Of(
                "puna eval perplexity model.gguf wiki.test.txt --ctx 512",
                "puna eval perplexity wiki.test.txt --ctx 1024 --stride 256 --max-tokens 8193 --json",
                "puna eval perplexity model.gguf wiki.test.txt --ctx 512 --rule llama.cpp"
            )
        )
        {
            model,
            file,
            stride,
            bos,
            maximum,
            rule,
            json,
        };
        var options = new ModelOptions(command);
        command.SetAction(
            (result, cancellation) =>
            {
                var inference = options.Read(result);
                var split = ModelArguments.Split(
                    options.Named(result),
                    ModelArguments.Given(result, model, file),
                    hasFile: true
                );
                var text = TextFile.Read(split.Rest[0]);
                using var engine = ModelLoading.Load(
                    split.Model,
                    inference with
                    {
                        ContextLength = null,
                    },
                    cancellation
                );
                var tokenizer =
                    engine.Tokenizer
                    ?? throw new InputException(
                        "This model has no tokenizer; give one with --tokenizer FILE."
                    );
                IReadOnlyList<int> ids = tokenizer.Encode(text, parseSpecial: false);
                var bosId = tokenizer.Data.BosId;
                if (result.GetValue(bos))
                {
                    ids =
                    [
                        bosId
                            ?? throw new InputException(
                                "--bos was asked for, but this tokenizer has no beginning-of-sequence token."
                            ),
                        .. ids,
                    ];
                }

                if (
                    ModelOptions.Range("--max-tokens", result.GetValue(maximum), 2, int.MaxValue) is
                    { } limit
                )
                {
                    ids = [.. ids.Take(limit)];
                }

                var chosen = result.GetValue(rule) switch
                {
                    "windows" => PerplexityRule.Windows,
                    "llama.cpp" => PerplexityRule.LlamaCpp,
                    var other => throw new InputException(
                        $"--rule '{other}' is not known; choose windows or llama.cpp."
                    ),
                };
                var settings = new PerplexityOptions
                {
                    Context = inference.ContextLength ?? Math.Min(512, engine.ContextLength),
                    Stride = result.GetValue(stride),
                    Rule = chosen,
                    WindowBos = tokenizer.Data.AddBos || result.GetValue(bos) ? bosId : null,
                };
                using var progress = new TaskProgress("scoring");
                var outcome = Perplexity.Measure(
                    engine,
                    ids,
                    settings,
                    new ShareOf(progress),
                    cancellation
                );
                progress.Dispose();
                Print(outcome, result.GetValue(json));
                return Task.FromResult(ExitCode.Done);
            }
        );
        return command;
    }

    private static void Print(PerplexityResult outcome, bool json)
    {
        if (json)
        {
            JsonOutput.Write(writer =>
            {
                writer.WriteNumber("predictions", outcome.Predictions);
                writer.WriteNumber("mean_nll", outcome.MeanNll);
                writer.WriteNumber("perplexity", outcome.Perplexity);
            });
            return;
        }

        Console.Out.WriteLine(
            $"{outcome.Predictions} predictions, mean NLL {outcome.MeanNll:F6}, perplexity {outcome.Perplexity:F4}"
        );
    }

    private sealed class ShareOf(TaskProgress progress) : IProgress<(double Share, double MeanNll)>
    {
        public void Report((double Share, double MeanNll) value) =>
            progress.Report(value.Share, $"perplexity so far {Math.Exp(value.MeanNll):F3}");
    }
}
