using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Decoding;
using Puna.Engine.Runtime;

namespace Puna.Cli.Commands;

/// <summary><c>puna run</c>: one prompt, one answer.</summary>
internal static class RunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL")
        {
            Description =
                "The model; a first argument that has blanks, or neither a path separator nor a model extension, is the prompt for the default model unless it is a model's folder.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var prompt = new Argument<string?>("PROMPT")
        {
            Description = "The prompt; '-' or nothing reads it from stdin.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var count = new Option<int?>("-n", "--max-tokens")
        {
            Description = "Most tokens to generate (default: until the context is full).",
            HelpName = "N",
        };
        var stop = new Option<string[]>("--stop")
        {
            Description = "Stop before this text; may be given several times.",
            HelpName = "TEXT",
            AllowMultipleArgumentsPerToken = false,
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object with ids, text and timings instead of the text.",
        };
        var command = new ExampleCommand(
            "run",
            "Answer one prompt, streaming the text.",
            Examples.Of(
                "puna run \"Why is the sky blue?\"",
                "puna run model.gguf \"Once upon a time\" --raw -n 100 --temp 0",
                "cat question.txt | puna run -m model/ - --system \"Answer in one sentence.\"",
                "puna run model.bin --ids \"1,403,407\" -n 20 --json"
            )
        )
        {
            model,
            prompt,
            count,
            stop,
            json,
        };
        var prompts = new PromptArguments(command);
        var modelOptions = new ModelOptions(command, template: true);
        var sampling = new SamplingArguments(command);
        command.SetAction(
            (result, cancellation) =>
            {
                var split = ModelArguments.Split(
                    modelOptions.Named(result),
                    ModelArguments.Given(result, model, prompt)
                );
                var inference = modelOptions.Read(result);
                var request = prompts.Read(
                    result,
                    split.Rest,
                    template: inference.ChatTemplate is not null
                );
                var options = new GenerationOptions
                {
                    MaximumTokens = ModelOptions.Range(
                        "-n",
                        result.GetValue(count),
                        0,
                        int.MaxValue
                    ),
                    Sampling = sampling.Read(result),
                    StopStrings =
                    [
                        .. (result.GetValue(stop) ?? []).Select(text =>
                            Utf8Text.Argument(text, "--stop")
                        ),
                    ],
                };
                using var engine = ModelLoading.Load(split.Model, inference, cancellation);
                var promptIds = request.Encode(engine);
                return Task.FromResult(
                    result.GetValue(json)
                        ? RunJson(engine, promptIds, options, cancellation)
                        : RunText(engine, promptIds, options, cancellation)
                );
            }
        );
        return command;
    }

    private static int RunText(
        InferenceEngine engine,
        int[] prompt,
        GenerationOptions options,
        CancellationToken cancellation
    )
    {
        var firstToken = TimeSpan.Zero;
        using var sequence = new Sequence(engine);
        using var output = new TextStream();
        using var progress = new PromptProgress();
        var result = new Generator(sequence, engine.Tokenizer).Run(
            prompt,
            options with
            {
                PromptProgress = progress,
            },
            (in step) =>
            {
                progress.Dispose();
                firstToken = firstToken == TimeSpan.Zero ? RunSummary.SinceStart() : firstToken;
                if (engine.Tokenizer is null)
                {
                    output.WriteId(step.Id);
                }
                else
                {
                    output.Write(step.Text);
                }
            },
            cancellation
        );
        progress.Dispose();
        output.End();
        Console.Error.WriteLine(RunSummary.Line(engine, sequence, result, firstToken));
        return result.StopReason == StopReason.Cancelled ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static int RunJson(
        InferenceEngine engine,
        int[] prompt,
        GenerationOptions options,
        CancellationToken cancellation
    )
    {
        var firstToken = TimeSpan.Zero;
        var text = new System.Text.StringBuilder();
        using var sequence = new Sequence(engine);
        using var progress = new PromptProgress();
        var result = new Generator(sequence, engine.Tokenizer).Run(
            prompt,
            options with
            {
                PromptProgress = progress,
            },
            (in step) =>
            {
                progress.Dispose();
                firstToken = firstToken == TimeSpan.Zero ? RunSummary.SinceStart() : firstToken;
                text.Append(step.Text);
            },
            cancellation
        );
        JsonOutput.Write(writer =>
        {
            JsonOutput.WriteIds(writer, "prompt_ids", prompt);
            JsonOutput.WriteIds(writer, "ids", result.Ids);
            writer.WriteString("text", text.ToString());
            writer.WriteString("stop_reason", result.StopReason.Id());
            writer.WriteNumber("prompt_tokens_per_second", result.PromptTokensPerSecond);
            writer.WriteNumber("decode_tokens_per_second", result.DecodeTokensPerSecond);
            writer.WriteNumber("time_to_first_token_ms", firstToken.TotalMilliseconds);
            writer.WriteNumber("resident_bytes", RunSummary.ResidentBytes());
            writer.WriteNumber("kv_bytes", sequence.Kv.Bytes.Payload);
            writer.WriteNumber("seed", result.Seed);
        });
        return result.StopReason == StopReason.Cancelled ? ExitCode.Interrupted : ExitCode.Done;
    }
}
