import { mount } from 'svelte';
import App from './App.svelte';
import './look/tokens.css';
import './look/base.css';
import './look/shell.css';
import './look/panel.css';
import './look/form.css';

const target = document.getElementById('app');
if (!target) throw new Error('The page has no place to stand on.');
mount(App, { target });
