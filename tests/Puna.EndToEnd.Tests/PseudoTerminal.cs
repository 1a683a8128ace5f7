using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Puna.EndToEnd.Tests;

/// <summary>Runs the command line in a terminal of its own, as <c>script</c> of util-linux makes one, and types into it.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private const string Script = "/usr/bin/script";
    private const int Excerpt = 1000;
    private const int InterruptBit = 1 << (2 - 1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _shown = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private int _read;

    /// <summary>Starts <c>puna</c> with arguments that need no quoting; skips the test where there is no <c>script</c>.</summary>
    public PseudoTerminal(string arguments, string environment = "TERM=xterm-256color")
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && File.Exists(Script),
            $"There is no {Script} (util-linux) that makes a terminal."
        );
        var program = Path.Combine(AppContext.BaseDirectory, "puna.dll");
        var start = new ProcessStartInfo(Script)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add("-qfec");
        start.ArgumentList.Add(
            $"stty cols 100 rows 30; {environment} exec dotnet exec '{program}' {arguments}"
        );
        start.ArgumentList.Add("/dev/null");
        _process = Process.Start(start)!;
    }

    /// <summary>Types: what is sent to the terminal, control characters included.</summary>
    public void Type(string text)
    {
        _process.StandardInput.BaseStream.Write(Encoding.UTF8.GetBytes(text));
        _process.StandardInput.BaseStream.Flush();
    }

    /// <summary>Presses Ctrl-C; skips the test where that is not heard.</summary>
    public void Interrupt()
    {
        var ignored = File.ReadLines($"/proc/{ProcessId()}/status")
            .First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        var mask = ulong.Parse(
            ignored["SigIgn:".Length..].Trim(),
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture
        );
        Assert.SkipUnless(
            (mask & InterruptBit) == 0,
            "The tests were started with SIGINT ignored, and processes inherit that."
        );
        Type("\x03");
    }

    /// <summary>Waits until a text is shown behind what was waited for last; returns all up to its end.</summary>
    public async Task<string> Until(string text)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(
            TestContext.Current.CancellationToken
        );
        patience.CancelAfter(s_patience);
        while (true)
        {
            var shown = _shown.ToString();
            var index = shown.IndexOf(text, _read, StringComparison.Ordinal);
            if (index >= 0)
            {
                var from = _read;
                _read = index + text.Length;
                return shown[from.._read];
            }

            Assert.True(
                await More(patience.Token),
                $"'{text}' was not shown, but: {shown[^Math.Min(shown.Length, Excerpt)..]}"
            );
        }
    }

    /// <summary>Waits for the end; returns the exit code and all that was shown behind what was waited for last.</summary>
    public async Task<(int ExitCode, string Shown)> End()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(
            TestContext.Current.CancellationToken
        );
        patience.CancelAfter(s_patience);
        while (await More(patience.Token)) { }

        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, _shown.ToString(_read, _shown.Length - _read));
    }

    /// <summary>The process of <c>puna</c> itself.</summary>
    public int ProcessId()
    {
        // script runs a shell, which puna has taken the place of.
        var children = File.ReadAllText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"/proc/{_process.Id}/task/{_process.Id}/children"
            )
        );
        return int.Parse(children.Trim(), CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task<bool> More(CancellationToken patience)
    {
        var bytes = new byte[4096];
        int count;
        try
        {
            count = await _process.StandardOutput.BaseStream.ReadAsync(bytes, patience);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        var characters = new char[bytes.Length];
        var decoded = _decoder.GetChars(bytes, 0, count, characters, 0);
        _ = _shown.Append(characters, 0, decoded);
        return count > 0;
    }
}
