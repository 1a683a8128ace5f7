using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Files;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;

namespace Puna.Cli.Commands;

/// <summary><c>puna tokenize</c>: text to ids and back.</summary>
internal static class TokenizeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var file = new Argument<string?>("MODEL|TOKENIZER-FILE")
        {
            Description = "A model or a tokenizer file; left out when -m names it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var model = ModelOptions.Model();
        var text = new Argument<string?>("TEXT")
        {
            Description =
                "The text, or ids with --decode; '-' or nothing reads stdin to its last byte.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var bos = new Option<bool>("--bos")
        {
            Description = "Put the beginning-of-sequence token in front.",
        };
        var decode = new Option<bool>("--decode")
        {
            Description = "Take ids (separated by blanks or commas) and print text.",
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object: {\"ids\": [...]} or {\"text\": ...}.",
        };
        var command = new ExampleCommand(
            "tokenize",
            "Turn text into token ids, or ids into text.",
            Examples.Of(
                "puna tokenize model.gguf \"Hello world\"",
                "cat story.txt | puna tokenize tokenizer.json - --bos --json",
                "puna tokenize model.gguf --decode \"1, 403, 407\""
            )
        )
        {
            file,
            text,
            model,
            bos,
            decode,
            json,
        };
        command.SetAction(result =>
        {
            var split = ModelArguments.Leading(
                result.GetValue(model),
                ModelArguments.Given(result, file, text),
                file.Name
            );
            var tokenizer = TokenizerFactory.Create(ModelFiles.LoadTokenizer(split.Model!));
            var input = split.Rest is [var only] ? only : null;
            var content = input is null or "-"
                ? StandardInput.Text()
                : Utf8Text.Argument(input, "The text");
            if (result.GetValue(decode))
            {
                Decode(tokenizer, content, result.GetValue(json));
            }
            else
            {
                Encode(tokenizer, content, result.GetValue(bos), result.GetValue(json));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Encode(ITokenizer tokenizer, string text, bool bos, bool json)
    {
        var ids = tokenizer.Encode(text);
        if (bos)
        {
            var id =
                tokenizer.Data.BosId
                ?? throw new InputException(
                    "--bos was asked for, but this tokenizer has no beginning-of-sequence token."
                );
            ids = [id, .. ids];
        }

        if (json)
        {
            JsonOutput.Write(writer => JsonOutput.WriteIds(writer, "ids", ids));
            return;
        }

        using var output = new StreamWriter(StandardStreams.OpenOutput());
        for (var index = 0; index < ids.Count; index++)
        {
            output.Write(index == 0 ? "" : " ");
            output.Write(ids[index]);
        }

        output.WriteLine();
    }

    private static void Decode(ITokenizer tokenizer, string content, bool json)
    {
        var ids = IdList.Parse(content);
        foreach (var id in ids)
        {
            if (id >= tokenizer.VocabularySize)
            {
                throw new InputException(
                    $"Id {id} is outside the vocabulary of {tokenizer.VocabularySize} (ids 0 to {tokenizer.VocabularySize - 1})."
                );
            }
        }

        var text = tokenizer.Decode(ids, showSpecial: true);
        if (json)
        {
            JsonOutput.Write(writer => writer.WriteString("text", text));
            return;
        }

        Console.Out.WriteLine(text);
    }
}
