using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Files;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Writing;
using Puna.Engine.Runtime;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;

namespace Puna.Cli.Commands;

/// <summary><c>puna eval logits</c>: the logits of every position, in a file that other tools read.</summary>
internal static class EvalLogitsCommand
{
    private const string TensorName = "logits";

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
            Description = "A text file; required unless --ids is given.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var ids = new Option<string?>("--ids")
        {
            Description = "Use exactly these token ids instead of a text.",
            HelpName = IdList.HelpName,
        };
        var output = new Option<string>("--out")
        {
            Description = "Where to write: a .safetensors with the tensor \"logits\", [T, V] f32.",
            HelpName = "FILE",
            Required = true,
        };
        var force = new Option<bool>("--force")
        {
            Description = "Replace a file that holds no logits.",
        };
        var command = new ExampleCommand(
            "logits",
            "Write the logits of every position of a text or of given ids.",
            Examples.Of(
                "puna eval logits model.gguf --ids \"1,403,407\" --out logits.safetensors --activations f32",
                "puna eval logits model/ story.txt --out logits.safetensors"
            )
        )
        {
            model,
            file,
            ids,
            output,
            force,
        };
        var options = new ModelOptions(command);
        command.SetAction(
            (result, cancellation) =>
            {
                var given = result.GetValue(ids);
                var split = ModelArguments.Split(
                    options.Named(result),
                    ModelArguments.Given(result, model, file),
                    hasFile: given is null
                );
                var text = given is null ? TextFile.Read(split.Rest[0]) : null;
                var modelOptions = options.Read(result);
                var target = OutputFile.At(result.GetValue(output)!);
                target.RequireNoneOf([
                    .. ModelFolder.Inputs(split.Model ?? DefaultModel.Path()),
                    .. split.Rest,
                    given ?? "",
                    modelOptions.TokenizerPath ?? "",
                ]);
                SafetensorsWriter.RequireReplaceable(target, TensorName, result.GetValue(force));
                using var engine = ModelLoading.Load(split.Model, modelOptions, cancellation);
                var tokens = given is null ? Encode(engine, text!) : IdList.Read(given);
                Write(engine, tokens, target, cancellation);
                return Task.FromResult(ExitCode.Done);
            }
        );
        return command;
    }

    private static IReadOnlyList<int> Encode(InferenceEngine engine, string text) =>
        engine.Tokenizer?.Encode(text)
        ?? throw new InputException("This model has no tokenizer; give --tokenizer FILE or --ids.");

    private static void Write(
        InferenceEngine engine,
        IReadOnlyList<int> ids,
        OutputFile target,
        CancellationToken cancellation
    )
    {
        if (ids.Count == 0 || ids.Count > engine.ContextLength)
        {
            throw new InputException(
                $"{ids.Count} tokens were given; this model takes 1 to {engine.ContextLength} at once."
            );
        }

        var vocabulary = engine.Model.Config.VocabularySize;
        using var logits = new NativeBuffer<float>((long)ids.Count * vocabulary);
        using var sequence = new Sequence(engine);
        sequence.Append([.. ids]);
        using (var progress = new TaskProgress("reading"))
        {
            SequenceReader.Score(
                sequence,
                0,
                (index, outputs) =>
                {
                    for (var row = 0; row < outputs.Rows; row++)
                    {
                        var place = logits.Span.Slice((index + (long)row) * vocabulary, vocabulary);
                        outputs.Logits(row).CopyTo(place.Span);
                    }
                },
                progress,
                cancellation
            );
        }

        var tensor = new OutputTensor(
            TensorName,
            [ids.Count, vocabulary],
            WeightFormats.F32,
            new FloatRows(logits.Span, vocabulary)
        );
        using var files = new StagedFiles();
        files.Write(
            target,
            stream => SafetensorsWriter.Write(stream, [tensor], new Dictionary<string, string>())
        );
        files.Commit();
    }

    private sealed class FloatRows(NativeSpan<float> values, int columns) : IRowSource
    {
        public void Fill(long row, Span<byte> target, Span<float> scratch) =>
            values.Slice(row * columns, columns).Cast<byte>().Span.CopyTo(target);
    }
}
